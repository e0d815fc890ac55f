//! `saju-request`: `POST /api/matches/request`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::request::FUNCTION)
}
