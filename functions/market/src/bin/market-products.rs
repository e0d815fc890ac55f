//! `market-products`: see [`enishi_market::products`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::products::FUNCTION)
}
