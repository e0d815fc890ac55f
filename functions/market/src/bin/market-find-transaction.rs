//! `market-find-transaction`: see [`enishi_market::find_transaction`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::find_transaction::FUNCTION)
}
