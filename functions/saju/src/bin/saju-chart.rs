//! `saju-chart`: see [`enishi_saju::chart`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::chart::FUNCTION)
}
