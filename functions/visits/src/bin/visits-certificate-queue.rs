//! `visits-certificate-queue`: see [`enishi_visits::certificate_queue`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::certificate_queue::FUNCTION)
}
