//! `market-my-maker`: see [`enishi_market::my_maker`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::my_maker::FUNCTION)
}
