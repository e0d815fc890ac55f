//! `saju-block`: `POST /api/blocks`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::block::FUNCTION)
}
