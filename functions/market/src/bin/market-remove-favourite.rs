//! `market-remove-favourite`: see [`enishi_market::remove_favourite`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::remove_favourite::FUNCTION)
}
