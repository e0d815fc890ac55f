//! `POST /api/cart`: puts something into my cart.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, auth::User, error::ErrorBody, http::Json,
    idempotency::IdempotencyKey, media::picture::PhotosUrl, store::Race,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    cart::{Cart, Line, MOST, MOST_LINES, Offers, Replaced, ShownCart},
    item::{self, ItemId},
};

/// `market-add-to-cart`
///
/// Budget: the cart, its items with the new one, their makers and stock; the cart. A replay reads the
/// cart once more.
pub const FUNCTION: Function = Function::http("market-add-to-cart", || {
    OpenApiRouter::new().routes(routes!(add_to_cart))
})
.budget(6);

/// How many of what.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartRequest {
    /// The item.
    #[garde(skip)]
    pub item_id: ItemId,
    /// How many.
    #[garde(range(min = 1, max = MOST))]
    #[schema(minimum = 1, maximum = 99, example = 2)]
    pub quantity: u32,
}

/// Puts something into my cart
///
/// Where it is there already, so many more of it; there are never more than 99 of one item, nor more than 30
/// lines.
#[utoipa::path(
    post, path = "/api/cart", tag = "market",
    operation_id = "addToCart",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = CartRequest,
    responses(
        (status = 200, body = ShownCart, description = "The whole cart as it is now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No item that is shown"),
        (status = 409, body = ErrorBody, description = "Too many lines; or the `Idempotency-Key` was used for something else"),
    )
)]
pub async fn add_to_cart(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<CartRequest>,
) -> Result<axum::Json<ShownCart>> {
    let me = user.id;
    let creation = key.creation(&app, &format!("market-add-to-cart\n{me}"), &body)?;
    let (table, photos) = (item::table(&app)?, app.config::<PhotosUrl>()?);
    let mut race = Race::new(&app);
    loop {
        let before = Cart::read(&table, me).await?;
        let mut items = before.items();
        items.insert(body.item_id);
        let offers = Offers::read(&app, &table, &items).await?;
        let after = with(&before, &offers, body)?;
        let replaced = after.replace(&app, &table, me, &before, creation.as_ref());
        match replaced.await? {
            Replaced::Done => return Ok(axum::Json(ShownCart::of(&after, &offers, &photos))),
            Replaced::Before => {
                let now = Cart::read(&table, me).await?;
                return Ok(axum::Json(ShownCart::of(&now, &offers, &photos)));
            }
            Replaced::Not => race.lost().await?,
        }
    }
}

/// The cart with what is put into it.
fn with(before: &Cart, offers: &Offers, more: CartRequest) -> Result<Cart> {
    let offered = offers.shown(more.item_id)?;
    let mut cart = before.clone();
    cart.version += 1;
    let is_full = cart.lines.len() == MOST_LINES;
    let mut lines = cart.lines.iter_mut();
    match lines.find(|line| line.item_id == more.item_id) {
        Some(line) => {
            line.quantity = MOST.min(line.quantity + more.quantity);
            line.seen(offered);
        }
        None if is_full => return Err(Error::conflict("a cart has 30 lines at the most")),
        None => cart.lines.push(Line::new(offered, more.quantity)),
    }
    Ok(cart)
}
