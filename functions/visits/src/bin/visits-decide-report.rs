//! `visits-decide-report`: see [`enishi_visits::decide_report`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::decide_report::FUNCTION)
}
