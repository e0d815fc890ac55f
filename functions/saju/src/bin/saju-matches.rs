//! `saju-matches`: see [`enishi_saju::matches`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::matches::FUNCTION)
}
