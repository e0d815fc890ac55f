//! `market-erase`: see [`enishi_market::erase`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::erase::FUNCTION)
}
