//! `visits-me`: see [`enishi_visits::me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::me::FUNCTION)
}
