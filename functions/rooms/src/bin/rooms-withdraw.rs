//! `rooms-withdraw`: see [`enishi_rooms::withdraw`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::withdraw::FUNCTION)
}
