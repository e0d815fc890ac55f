//! `market-update-profile`: see [`enishi_market::update_profile`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::update_profile::FUNCTION)
}
