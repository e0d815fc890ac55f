//! `saju-matches`: `GET /api/matches`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::matches::FUNCTION)
}
