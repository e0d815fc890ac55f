//! `rooms-calendar`: see [`enishi_rooms::calendar`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::calendar::FUNCTION)
}
