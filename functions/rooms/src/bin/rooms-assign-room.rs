//! `rooms-assign-room`: see [`enishi_rooms::assign_room`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::assign_room::FUNCTION)
}
