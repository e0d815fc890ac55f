//! `rooms-attendance`: see [`enishi_rooms::attendance`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::attendance::FUNCTION)
}
