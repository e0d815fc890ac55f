//! `identity-reset-password`: see [`enishi_identity::reset_password`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::reset_password::FUNCTION)
}
