//! `identity-signup`: see [`enishi_identity::signup`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::signup::FUNCTION)
}
