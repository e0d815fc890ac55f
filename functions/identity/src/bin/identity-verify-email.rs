//! `identity-verify-email`: see [`enishi_identity::verify_email`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::verify_email::FUNCTION)
}
