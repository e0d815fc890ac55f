//! `market-withdraw`: see [`enishi_market::withdraw`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::withdraw::FUNCTION)
}
