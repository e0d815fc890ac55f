//! `visits-notifications`: see [`enishi_visits::notifications`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::notifications::FUNCTION)
}
