//! `orgs-delete-user`: see [`enishi_orgs::delete_user`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::delete_user::FUNCTION)
}
