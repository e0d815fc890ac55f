//! `orgs-update-license`: see [`enishi_orgs::update_license`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::update_license::FUNCTION)
}
