//! `market-clear-cart`: see [`enishi_market::clear_cart`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::clear_cart::FUNCTION)
}
