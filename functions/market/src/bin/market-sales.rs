//! `market-sales`: see [`enishi_market::sales`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::sales::FUNCTION)
}
