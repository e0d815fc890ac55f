//! `identity-jwks`: see [`enishi_identity::jwks`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::jwks::FUNCTION)
}
