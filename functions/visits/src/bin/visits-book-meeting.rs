//! `visits-book-meeting`: see [`enishi_visits::book_meeting`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_visits::book_meeting::FUNCTION)
}
