//! `market-report`: see [`enishi_market::report`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::report::FUNCTION)
}
