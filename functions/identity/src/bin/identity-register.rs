//! `identity-register`: see [`enishi_identity::register`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::register::FUNCTION)
}
