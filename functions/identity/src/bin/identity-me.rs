//! `identity-me`: see [`enishi_identity::me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::me::FUNCTION)
}
