//! `orgs-ping`: see [`enishi_orgs::ping`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::ping::FUNCTION)
}
