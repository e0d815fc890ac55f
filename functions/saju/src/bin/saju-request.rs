//! `saju-request`: see [`enishi_saju::request`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::request::FUNCTION)
}
