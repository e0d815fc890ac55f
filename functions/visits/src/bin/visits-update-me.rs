//! `visits-update-me`: see [`enishi_visits::update_me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::update_me::FUNCTION)
}
