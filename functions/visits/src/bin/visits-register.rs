//! `visits-register`: see [`enishi_visits::register`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::register::FUNCTION)
}
