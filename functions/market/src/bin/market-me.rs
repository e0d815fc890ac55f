//! `market-me`: see [`enishi_market::me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::me::FUNCTION)
}
