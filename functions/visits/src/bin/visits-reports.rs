//! `visits-reports`: see [`enishi_visits::reports`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::reports::FUNCTION)
}
