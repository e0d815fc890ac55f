//! `platform-openapi`: see [`enishi_platform::openapi`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_platform::openapi::FUNCTION)
}
