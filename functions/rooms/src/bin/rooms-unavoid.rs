//! `rooms-unavoid`: see [`enishi_rooms::unavoid`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::unavoid::FUNCTION)
}
