//! `market-add-to-cart`: see [`enishi_market::add_to_cart`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::add_to_cart::FUNCTION)
}
