//! The function behind `POST /login` and `POST /api/users/login`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::login::FUNCTION)
}
