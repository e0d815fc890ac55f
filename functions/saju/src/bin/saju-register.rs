//! `saju-register`: see [`enishi_saju::register`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::register::FUNCTION)
}
