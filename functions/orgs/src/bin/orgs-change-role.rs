//! `orgs-change-role`: see [`enishi_orgs::change_role`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_orgs::change_role::FUNCTION)
}
