//! `market-show-cart`: see [`enishi_market::show_cart`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::show_cart::FUNCTION)
}
