//! The function behind `POST /api/auth/email/verify`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::verify_email::FUNCTION)
}
