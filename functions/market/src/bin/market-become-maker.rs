//! `market-become-maker`: see [`enishi_market::become_maker`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::become_maker::FUNCTION)
}
