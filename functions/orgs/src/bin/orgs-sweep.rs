//! `orgs-sweep`: see [`enishi_orgs::sweep`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::sweep::FUNCTION)
}
