//! `market-dashboard`: see [`enishi_market::dashboard`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::dashboard::FUNCTION)
}
