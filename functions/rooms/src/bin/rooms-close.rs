//! `rooms-close`: see [`enishi_rooms::close`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::close::FUNCTION)
}
