//! `market-add-product`: see [`enishi_market::add_product`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::add_product::FUNCTION)
}
