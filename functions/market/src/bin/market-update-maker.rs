//! `market-update-maker`: see [`enishi_market::update_maker`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::update_maker::FUNCTION)
}
