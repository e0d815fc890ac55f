//! `orgs-members`: see [`enishi_orgs::members`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::members::FUNCTION)
}
