//! `live-connect`: see [`enishi_live::connect`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_live::connect::FUNCTION)
}
