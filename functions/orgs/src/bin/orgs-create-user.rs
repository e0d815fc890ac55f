//! `orgs-create-user`: see [`enishi_orgs::create_user`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::create_user::FUNCTION)
}
