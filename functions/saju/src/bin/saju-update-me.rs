//! `saju-update-me`: `PUT /api/users/me`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::update_me::FUNCTION)
}
