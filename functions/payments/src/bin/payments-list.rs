//! `payments-list`: `GET /api/payments`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::list::FUNCTION)
}
