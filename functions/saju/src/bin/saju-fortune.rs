//! `saju-fortune`: see [`enishi_saju::fortune`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::fortune::FUNCTION)
}
