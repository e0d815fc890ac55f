//! `orgs-mail`: see [`enishi_orgs::mail`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::mail::FUNCTION)
}
