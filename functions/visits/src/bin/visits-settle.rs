//! `visits-settle`: see [`enishi_visits::settle`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::settle::FUNCTION)
}
