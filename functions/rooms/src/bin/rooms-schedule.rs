//! `rooms-schedule`: see [`enishi_rooms::schedule`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::schedule::FUNCTION)
}
