//! `payments-sweep`: asks about payments that have waited for too long.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::sweep::FUNCTION)
}
