//! `market-receive`: see [`enishi_market::receive`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::receive::FUNCTION)
}
