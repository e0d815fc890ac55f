//! `visits-decide-certificate`: see [`enishi_visits::decide_certificate`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::decide_certificate::FUNCTION)
}
