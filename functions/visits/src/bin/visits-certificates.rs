//! `visits-certificates`: see [`enishi_visits::certificates`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::certificates::FUNCTION)
}
