//! `market-ship`: see [`enishi_market::ship`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::ship::FUNCTION)
}
