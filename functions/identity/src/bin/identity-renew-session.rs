//! `identity-renew-session`: see [`enishi_identity::renew_session`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::renew_session::FUNCTION)
}
