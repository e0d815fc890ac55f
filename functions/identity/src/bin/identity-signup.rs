//! The function behind `POST /signup`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::signup::FUNCTION)
}
