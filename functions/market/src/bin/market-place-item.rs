//! `market-place-item`: see [`enishi_market::place_item`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::place_item::FUNCTION)
}
