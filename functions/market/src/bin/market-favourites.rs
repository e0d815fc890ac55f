//! `market-favourites`: see [`enishi_market::favourites`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::favourites::FUNCTION)
}
