//! `market-find-item`: see [`enishi_market::find_item`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::find_item::FUNCTION)
}
