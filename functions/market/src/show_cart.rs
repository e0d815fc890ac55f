//! `GET /api/cart`: my cart.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, auth::User, error::ErrorBody, media::picture::PhotosUrl,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    cart::{Cart, Offers, ShownCart},
    item,
};

/// `market-show-cart`
///
/// Budget: the cart, its items, their makers and stock; 1 where there is nothing in it.
pub const FUNCTION: Function = Function::http("market-show-cart", || {
    OpenApiRouter::new().routes(routes!(show_cart))
})
.budget(4);

/// My cart
///
/// With prices, stock and what sending costs as they are now. A line whose item is gone, hidden, sold out or
/// repriced says so.
#[utoipa::path(
    get, path = "/api/cart", tag = "market",
    operation_id = "getCart",
    security(("access_token" = [])),
    responses(
        (status = 200, body = ShownCart, description = "The cart"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn show_cart(State(app): State<App>, user: User) -> Result<axum::Json<ShownCart>> {
    let (table, photos) = (item::table(&app)?, app.config::<PhotosUrl>()?);
    let cart = Cart::read(&table, user.id).await?;
    let offers = Offers::read(&app, &table, &cart.items()).await?;
    Ok(axum::Json(ShownCart::of(&cart, &offers, &photos)))
}
