//! The function behind `POST /api/auth/password/reset`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::reset_password::FUNCTION)
}
