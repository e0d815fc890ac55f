//! `rooms-join`: see [`enishi_rooms::join`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::join::FUNCTION)
}
