//! `live-ticket`: `POST /api/live/ticket`.

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::ticket::FUNCTION)
}
