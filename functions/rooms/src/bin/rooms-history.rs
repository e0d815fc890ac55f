//! `rooms-history`: see [`enishi_rooms::history`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::history::FUNCTION)
}
