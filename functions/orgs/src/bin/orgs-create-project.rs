//! `orgs-create-project`: see [`enishi_orgs::create_project`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::create_project::FUNCTION)
}
