//! `payments-webhook`: `POST /webhook/stripe`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::webhook::FUNCTION)
}
