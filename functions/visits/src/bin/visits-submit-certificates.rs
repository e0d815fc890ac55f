//! `visits-submit-certificates`: see [`enishi_visits::submit_certificates`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::submit_certificates::FUNCTION)
}
