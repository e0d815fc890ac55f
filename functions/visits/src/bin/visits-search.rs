//! `visits-search`: see [`enishi_visits::search`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::search::FUNCTION)
}
