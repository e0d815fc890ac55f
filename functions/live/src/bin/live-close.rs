//! `live-close`: see [`enishi_live::close`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::close::FUNCTION)
}
