//! `market-account`: see [`enishi_market::account`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::account::FUNCTION)
}
