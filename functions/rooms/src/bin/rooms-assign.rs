//! `rooms-assign`: see [`enishi_rooms::assign`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::assign::FUNCTION)
}
