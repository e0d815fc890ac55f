//! `rooms-erase`: see [`enishi_rooms::erase`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::erase::FUNCTION)
}
