//! `visits-deliver`: see [`enishi_visits::deliver`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::deliver::FUNCTION)
}
