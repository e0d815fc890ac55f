//! `payments-webhook`: see [`enishi_payments::webhook`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::webhook::FUNCTION)
}
