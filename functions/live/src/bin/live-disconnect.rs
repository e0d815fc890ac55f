//! `live-disconnect`: see [`enishi_live::disconnect`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::disconnect::FUNCTION)
}
