//! `platform-fallback`: see [`enishi_platform::fallback`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_platform::fallback::FUNCTION)
}
