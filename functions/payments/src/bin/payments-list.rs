//! `payments-list`: see [`enishi_payments::list`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::list::FUNCTION)
}
