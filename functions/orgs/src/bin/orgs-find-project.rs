//! `orgs-find-project`: see [`enishi_orgs::find_project`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::find_project::FUNCTION)
}
