//! `saju-accept`: see [`enishi_saju::accept`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::accept::FUNCTION)
}
