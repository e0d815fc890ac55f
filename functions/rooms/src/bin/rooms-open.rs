//! `rooms-open`: see [`enishi_rooms::open`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::open::FUNCTION)
}
