//! `orgs-find-organization`: see [`enishi_orgs::find_organization`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::find_organization::FUNCTION)
}
