//! `platform-unsubscribe`: see [`enishi_platform::unsubscribe`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_platform::unsubscribe::FUNCTION)
}
