//! `visits-messages`: see [`enishi_visits::messages`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::messages::FUNCTION)
}
