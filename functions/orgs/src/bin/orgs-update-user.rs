//! `orgs-update-user`: see [`enishi_orgs::update_user`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::update_user::FUNCTION)
}
