//! `market-delete-me`: see [`enishi_market::delete_me`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::delete_me::FUNCTION)
}
