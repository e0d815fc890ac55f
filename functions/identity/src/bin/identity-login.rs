//! `identity-login`: see [`enishi_identity::login`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::login::FUNCTION)
}
