//! `rooms-participated`: see [`enishi_rooms::participated`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::participated::FUNCTION)
}
