//! `payments-sweep`: see [`enishi_payments::sweep`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_payments::sweep::FUNCTION)
}
