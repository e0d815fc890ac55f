//! `market-refund`: see [`enishi_market::refund`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::refund::FUNCTION)
}
