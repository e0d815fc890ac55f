//! `identity-begin-session`: `POST /api/session`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::begin_session::FUNCTION)
}
