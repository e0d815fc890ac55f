//! `visits-companies`: see [`enishi_visits::companies`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::companies::FUNCTION)
}
