//! `market-delete-image`: see [`enishi_market::delete_image`].

fn main() -> Result<(), enishi_shared::function::BoxError> {
    enishi_shared::function::run(&enishi_market::delete_image::FUNCTION)
}
