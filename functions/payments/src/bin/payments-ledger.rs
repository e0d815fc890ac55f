//! `payments-ledger`: see [`enishi_payments::ledger`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::ledger::FUNCTION)
}
