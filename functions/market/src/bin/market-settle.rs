//! `market-settle`: see [`enishi_market::settle`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::settle::FUNCTION)
}
