//! `PATCH /api/cart`: so many of something in my cart, and no other number.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, auth::User, error::ErrorBody, http::Json,
    media::picture::PhotosUrl, store::Race,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    add_to_cart::CartRequest,
    cart::{Cart, Offers, Replaced, ShownCart},
    item,
};

/// `market-change-cart`
///
/// Budget: the cart, its items, their makers and stock; the cart.
pub const FUNCTION: Function = Function::http("market-change-cart", || {
    OpenApiRouter::new().routes(routes!(change_cart))
})
.budget(5);

/// Changes how many of something are in my cart
///
/// What it costs now counts as seen.
#[utoipa::path(
    patch, path = "/api/cart", tag = "market",
    operation_id = "changeCart",
    security(("access_token" = [])),
    request_body = CartRequest,
    responses(
        (status = 200, body = ShownCart, description = "The whole cart as it is now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "It is not in the cart"),
    )
)]
pub async fn change_cart(
    State(app): State<App>,
    user: User,
    Json(body): Json<CartRequest>,
) -> Result<axum::Json<ShownCart>> {
    let (table, photos) = (item::table(&app)?, app.config::<PhotosUrl>()?);
    let mut race = Race::new(&app);
    loop {
        let before = Cart::read(&table, user.id).await?;
        let mut after = before.clone();
        after.version += 1;
        let line = after.lines.iter_mut();
        let line = line.into_iter().find(|line| line.item_id == body.item_id);
        let line = line.ok_or_else(|| Error::not_found("line"))?;
        let offers = Offers::read(&app, &table, &before.items()).await?;
        line.quantity = body.quantity;
        // What is not sold any more keeps its last price.
        if let Ok(offered) = offers.shown(body.item_id) {
            line.seen(offered);
        }
        let replaced = after.replace(&app, &table, user.id, &before, None);
        match replaced.await? {
            Replaced::Done | Replaced::Before => {
                return Ok(axum::Json(ShownCart::of(&after, &offers, &photos)));
            }
            Replaced::Not => race.lost().await?,
        }
    }
}
