//! `orgs-payments`: see [`enishi_orgs::payments`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::payments::FUNCTION)
}
