//! `identity-erase`: see [`enishi_identity::erase`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::erase::FUNCTION)
}
