//! `orgs-delete-project`: see [`enishi_orgs::delete_project`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::delete_project::FUNCTION)
}
