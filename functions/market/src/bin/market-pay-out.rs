//! `market-pay-out`: see [`enishi_market::pay_out`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::pay_out::FUNCTION)
}
