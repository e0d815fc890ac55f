//! `saju-report`: `POST /api/reports`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::report::FUNCTION)
}
