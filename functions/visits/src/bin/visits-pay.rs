//! `visits-pay`: see [`enishi_visits::pay`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::pay::FUNCTION)
}
