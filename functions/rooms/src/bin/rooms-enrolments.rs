//! `rooms-enrolments`: see [`enishi_rooms::enrolments`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::enrolments::FUNCTION)
}
