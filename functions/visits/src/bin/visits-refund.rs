//! `visits-refund`: see [`enishi_visits::refund`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::refund::FUNCTION)
}
