//! `market-onboard`: see [`enishi_market::onboard`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::onboard::FUNCTION)
}
