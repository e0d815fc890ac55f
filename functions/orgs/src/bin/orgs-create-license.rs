//! `orgs-create-license`: see [`enishi_orgs::create_license`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::create_license::FUNCTION)
}
