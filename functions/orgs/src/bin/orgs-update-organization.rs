//! `orgs-update-organization`: see [`enishi_orgs::update_organization`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::update_organization::FUNCTION)
}
