//! The function that mails what identity announces.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_identity::mail::FUNCTION)
}
