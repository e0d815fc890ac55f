//! `saju-messages`: see [`enishi_saju::messages`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_saju::messages::FUNCTION)
}
