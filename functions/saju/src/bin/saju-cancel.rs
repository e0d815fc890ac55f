//! `saju-cancel`: see [`enishi_saju::cancel`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::cancel::FUNCTION)
}
