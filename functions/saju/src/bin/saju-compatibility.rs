//! `saju-compatibility`: `GET /api/matches/{user_id}/compatibility`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::compatibility::FUNCTION)
}
