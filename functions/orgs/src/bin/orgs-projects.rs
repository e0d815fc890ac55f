//! `orgs-projects`: see [`enishi_orgs::projects`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::projects::FUNCTION)
}
