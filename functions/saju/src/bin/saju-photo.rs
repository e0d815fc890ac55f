//! `saju-photo`: see [`enishi_saju::photo`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::photo::FUNCTION)
}
