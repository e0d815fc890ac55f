//! `orgs-users`: see [`enishi_orgs::users`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::users::FUNCTION)
}
