//! `orgs-disable`: see [`enishi_orgs::disable`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::disable::FUNCTION)
}
