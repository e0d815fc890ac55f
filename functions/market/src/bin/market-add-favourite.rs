//! `market-add-favourite`: see [`enishi_market::add_favourite`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::add_favourite::FUNCTION)
}
