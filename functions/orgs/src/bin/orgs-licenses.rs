//! `orgs-licenses`: see [`enishi_orgs::licenses`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::licenses::FUNCTION)
}
