//! `orgs-portal`: see [`enishi_orgs::portal`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::portal::FUNCTION)
}
