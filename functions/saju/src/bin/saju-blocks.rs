//! `saju-blocks`: see [`enishi_saju::blocks`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::blocks::FUNCTION)
}
