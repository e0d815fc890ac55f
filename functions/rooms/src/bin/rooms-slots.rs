//! `rooms-slots`: see [`enishi_rooms::slots`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::slots::FUNCTION)
}
