//! `saju-sweep`: see [`enishi_saju::sweep`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::sweep::FUNCTION)
}
