//! `market-buy`: see [`enishi_market::buy`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::buy::FUNCTION)
}
