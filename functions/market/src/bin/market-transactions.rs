//! `market-transactions`: see [`enishi_market::transactions`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::transactions::FUNCTION)
}
