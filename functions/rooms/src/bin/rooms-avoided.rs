//! `rooms-avoided`: see [`enishi_rooms::avoided`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::avoided::FUNCTION)
}
