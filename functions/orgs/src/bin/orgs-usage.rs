//! `orgs-usage`: see [`enishi_orgs::usage`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::usage::FUNCTION)
}
