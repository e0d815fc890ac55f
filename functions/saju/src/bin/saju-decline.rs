//! `saju-decline`: see [`enishi_saju::decline`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::decline::FUNCTION)
}
