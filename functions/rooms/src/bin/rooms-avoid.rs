//! `rooms-avoid`: see [`enishi_rooms::avoid`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::avoid::FUNCTION)
}
