//! `payments-ledger`: moves payments to what Stripe says of them.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::ledger::FUNCTION)
}
