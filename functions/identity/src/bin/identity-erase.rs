//! `identity-erase`: erases who has closed their account.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::erase::FUNCTION)
}
