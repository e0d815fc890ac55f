//! `identity-mail`: see [`enishi_identity::mail`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::mail::FUNCTION)
}
