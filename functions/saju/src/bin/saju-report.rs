//! `saju-report`: see [`enishi_saju::report`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::report::FUNCTION)
}
