//! `identity-delete-me`: see [`enishi_identity::delete_me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::delete_me::FUNCTION)
}
