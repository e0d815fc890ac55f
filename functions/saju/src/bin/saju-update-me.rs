//! `saju-update-me`: see [`enishi_saju::update_me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::update_me::FUNCTION)
}
