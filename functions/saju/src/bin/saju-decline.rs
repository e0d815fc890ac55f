//! `saju-decline`: `POST /api/matches/{match_id}/decline`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::decline::FUNCTION)
}
