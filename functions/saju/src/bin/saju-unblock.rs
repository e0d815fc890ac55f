//! `saju-unblock`: see [`enishi_saju::unblock`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::unblock::FUNCTION)
}
