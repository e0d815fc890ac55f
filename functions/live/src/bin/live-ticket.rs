//! `live-ticket`: see [`enishi_live::ticket`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::ticket::FUNCTION)
}
