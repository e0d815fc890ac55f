//! `market-items`: see [`enishi_market::items`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::items::FUNCTION)
}
