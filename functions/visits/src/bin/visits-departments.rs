//! `visits-departments`: see [`enishi_visits::departments`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::departments::FUNCTION)
}
