//! `platform-docs`: see [`enishi_platform::docs`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_platform::docs::FUNCTION)
}
