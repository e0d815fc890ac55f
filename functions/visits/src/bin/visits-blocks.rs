//! `visits-blocks`: see [`enishi_visits::blocks`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::blocks::FUNCTION)
}
