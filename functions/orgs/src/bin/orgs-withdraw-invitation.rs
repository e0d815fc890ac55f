//! `orgs-withdraw-invitation`: see [`enishi_orgs::withdraw_invitation`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::withdraw_invitation::FUNCTION)
}
