//! `orgs-find-user`: see [`enishi_orgs::find_user`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::find_user::FUNCTION)
}
