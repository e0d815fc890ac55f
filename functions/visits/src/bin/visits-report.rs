//! `visits-report`: see [`enishi_visits::report`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::report::FUNCTION)
}
