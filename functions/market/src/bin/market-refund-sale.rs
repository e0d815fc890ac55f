//! `market-refund-sale`: see [`enishi_market::refund_sale`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::refund_sale::FUNCTION)
}
