//! `market-set-profile`: see [`enishi_market::set_profile`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::set_profile::FUNCTION)
}
