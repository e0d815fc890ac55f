//! `orgs-close`: see [`enishi_orgs::close`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::close::FUNCTION)
}
