//! `identity-delete-me`: `DELETE /api/users/me`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::delete_me::FUNCTION)
}
