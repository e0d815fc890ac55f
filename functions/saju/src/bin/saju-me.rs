//! `saju-me`: see [`enishi_saju::me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::me::FUNCTION)
}
