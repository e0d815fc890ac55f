//! `saju-register`: `POST /api/users/register`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::register::FUNCTION)
}
