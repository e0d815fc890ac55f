//! `market-add-image`: see [`enishi_market::add_image`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::add_image::FUNCTION)
}
