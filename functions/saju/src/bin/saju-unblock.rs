//! `saju-unblock`: `DELETE /api/blocks/{user_id}`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::unblock::FUNCTION)
}
