//! `identity-update-me`: see [`enishi_identity::update_me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::update_me::FUNCTION)
}
