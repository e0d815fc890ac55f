//! `orgs-accept`: see [`enishi_orgs::accept`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::accept::FUNCTION)
}
