//! `market-reports`: see [`enishi_market::reports`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::reports::FUNCTION)
}
