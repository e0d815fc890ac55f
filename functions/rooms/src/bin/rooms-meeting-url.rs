//! `rooms-meeting-url`: see [`enishi_rooms::meeting_url`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_rooms::meeting_url::FUNCTION)
}
