//! The function behind `GET /.well-known/jwks.json`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::jwks::FUNCTION)
}
