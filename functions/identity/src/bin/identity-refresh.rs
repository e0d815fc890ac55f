//! `identity-refresh`: see [`enishi_identity::refresh`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::refresh::FUNCTION)
}
