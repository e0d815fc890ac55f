//! `visits-request-matching`: see [`enishi_visits::request_matching`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::request_matching::FUNCTION)
}
