//! `market-update-address`: see [`enishi_market::update_address`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::update_address::FUNCTION)
}
