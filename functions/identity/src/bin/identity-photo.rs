//! `identity-photo`: see [`enishi_identity::photo`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::photo::FUNCTION)
}
