//! `rooms-enroll`: see [`enishi_rooms::enroll`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::enroll::FUNCTION)
}
