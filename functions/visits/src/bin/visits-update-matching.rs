//! `visits-update-matching`: see [`enishi_visits::update_matching`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::update_matching::FUNCTION)
}
