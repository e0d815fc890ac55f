//! `market-suspend-maker`: see [`enishi_market::suspend_maker`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::suspend_maker::FUNCTION)
}
