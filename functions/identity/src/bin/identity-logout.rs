//! The function behind `POST /api/auth/logout`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::logout::FUNCTION)
}
