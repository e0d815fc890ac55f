//! `platform-relay`: see [`enishi_platform::relay`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_platform::relay::FUNCTION)
}
