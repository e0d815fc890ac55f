//! `market-sweep-images`: see [`enishi_market::sweep_images`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::sweep_images::FUNCTION)
}
