//! `saju-recommendations`: see [`enishi_saju::recommendations`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::recommendations::FUNCTION)
}
