//! `identity-begin-session`: see [`enishi_identity::begin_session`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::begin_session::FUNCTION)
}
