//! `identity-logout`: see [`enishi_identity::logout`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::logout::FUNCTION)
}
