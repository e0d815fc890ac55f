//! The function behind `POST /api/auth/password/forgot`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::forgot_password::FUNCTION)
}
