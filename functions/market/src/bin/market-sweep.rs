//! `market-sweep`: see [`enishi_market::sweep`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::sweep::FUNCTION)
}
