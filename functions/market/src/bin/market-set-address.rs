//! `market-set-address`: see [`enishi_market::set_address`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::set_address::FUNCTION)
}
