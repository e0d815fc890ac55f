//! `saju-unmatch`: see [`enishi_saju::unmatch`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::unmatch::FUNCTION)
}
