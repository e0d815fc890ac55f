//! `orgs-remove-member`: see [`enishi_orgs::remove_member`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::remove_member::FUNCTION)
}
