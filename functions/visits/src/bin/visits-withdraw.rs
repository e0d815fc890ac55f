//! `visits-withdraw`: see [`enishi_visits::withdraw`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::withdraw::FUNCTION)
}
