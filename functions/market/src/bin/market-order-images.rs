//! `market-order-images`: see [`enishi_market::order_images`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::order_images::FUNCTION)
}
