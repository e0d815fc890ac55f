//! `market-cancel`: see [`enishi_market::cancel`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::cancel::FUNCTION)
}
