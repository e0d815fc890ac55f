//! `visits-sweep`: see [`enishi_visits::sweep`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::sweep::FUNCTION)
}
