//! `identity-forgot-password`: see [`enishi_identity::forgot_password`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::forgot_password::FUNCTION)
}
