//! `market-find-maker`: see [`enishi_market::find_maker`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::find_maker::FUNCTION)
}
