//! `identity-end-session`: see [`enishi_identity::end_session`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::end_session::FUNCTION)
}
