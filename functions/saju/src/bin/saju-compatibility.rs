//! `saju-compatibility`: see [`enishi_saju::compatibility`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::compatibility::FUNCTION)
}
