//! `market-search`: see [`enishi_market::search`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::search::FUNCTION)
}
