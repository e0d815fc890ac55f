//! `saju-read-frame`: see [`enishi_saju::read_frame`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::read_frame::FUNCTION)
}
