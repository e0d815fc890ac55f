//! `saju-follow-account`: see [`enishi_saju::follow_account`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::follow_account::FUNCTION)
}
