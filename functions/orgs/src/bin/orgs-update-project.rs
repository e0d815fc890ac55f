//! `orgs-update-project`: see [`enishi_orgs::update_project`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::update_project::FUNCTION)
}
