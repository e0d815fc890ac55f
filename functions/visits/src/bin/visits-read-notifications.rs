//! `visits-read-notifications`: see [`enishi_visits::read_notifications`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::read_notifications::FUNCTION)
}
