//! `visits-find-matching`: see [`enishi_visits::find_matching`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::find_matching::FUNCTION)
}
