//! `rooms-set-schedule`: see [`enishi_rooms::set_schedule`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::set_schedule::FUNCTION)
}
