//! The function behind `POST /api/auth/refresh`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::refresh::FUNCTION)
}
