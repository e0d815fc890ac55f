//! `visits-slots`: see [`enishi_visits::slots`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::slots::FUNCTION)
}
