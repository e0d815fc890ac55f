//! `market-follow-payment`: see [`enishi_market::follow_payment`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::follow_payment::FUNCTION)
}
