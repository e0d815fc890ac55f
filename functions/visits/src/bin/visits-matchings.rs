//! `visits-matchings`: see [`enishi_visits::matchings`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::matchings::FUNCTION)
}
