//! `market-update-product`: see [`enishi_market::update_product`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::update_product::FUNCTION)
}
