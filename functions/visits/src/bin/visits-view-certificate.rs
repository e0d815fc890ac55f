//! `visits-view-certificate`: see [`enishi_visits::view_certificate`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::view_certificate::FUNCTION)
}
