//! `market-change-cart`: see [`enishi_market::change_cart`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::change_cart::FUNCTION)
}
