//! `market-index`: see [`enishi_market::index`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::index::FUNCTION)
}
