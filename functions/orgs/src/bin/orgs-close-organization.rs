//! `orgs-close-organization`: see [`enishi_orgs::close_organization`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::close_organization::FUNCTION)
}
