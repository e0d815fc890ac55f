//! `orgs-invitations`: see [`enishi_orgs::invitations`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::invitations::FUNCTION)
}
