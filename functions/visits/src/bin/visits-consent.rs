//! `visits-consent`: see [`enishi_visits::consent`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::consent::FUNCTION)
}
