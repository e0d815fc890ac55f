//! `orgs-license`: see [`enishi_orgs::license`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::license::FUNCTION)
}
