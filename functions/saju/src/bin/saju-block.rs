//! `saju-block`: see [`enishi_saju::block`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::block::FUNCTION)
}
