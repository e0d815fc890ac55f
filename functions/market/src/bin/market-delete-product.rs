//! `market-delete-product`: see [`enishi_market::delete_product`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::delete_product::FUNCTION)
}
