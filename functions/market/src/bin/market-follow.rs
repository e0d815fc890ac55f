//! `market-follow`: see [`enishi_market::follow`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::follow::FUNCTION)
}
