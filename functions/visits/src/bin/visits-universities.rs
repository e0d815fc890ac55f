//! `visits-universities`: see [`enishi_visits::universities`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::universities::FUNCTION)
}
