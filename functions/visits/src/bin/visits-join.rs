//! `visits-join`: see [`enishi_visits::join`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::join::FUNCTION)
}
