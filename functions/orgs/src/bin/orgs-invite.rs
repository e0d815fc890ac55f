//! `orgs-invite`: see [`enishi_orgs::invite`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::invite::FUNCTION)
}
