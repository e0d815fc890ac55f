//! `saju-person`: see [`enishi_saju::person`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::person::FUNCTION)
}
