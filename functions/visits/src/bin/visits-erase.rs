//! `visits-erase`: see [`enishi_visits::erase`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::erase::FUNCTION)
}
