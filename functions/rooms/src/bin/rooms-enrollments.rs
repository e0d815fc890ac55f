//! `rooms-enrollments`: see [`enishi_rooms::enrollments`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::enrollments::FUNCTION)
}
