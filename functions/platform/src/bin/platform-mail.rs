//! `platform-mail`: see [`enishi_platform::mail`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_platform::mail::FUNCTION)
}
