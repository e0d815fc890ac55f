//! `saju-fortune`: `GET /api/fortune/today`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::fortune::FUNCTION)
}
