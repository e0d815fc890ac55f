//! `DELETE /api/cart`: takes something out of my cart, or all of it.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, auth::User, error::ErrorBody, http::Query, media::picture::PhotosUrl,
    store::Race,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    cart::{Cart, Offers, Replaced, ShownCart},
    item::{self, ItemId},
};

/// `market-clear-cart`
///
/// Budget: the cart; what is left in it, their makers and stock; the cart.
pub const FUNCTION: Function = Function::http("market-clear-cart", || {
    OpenApiRouter::new().routes(routes!(clear_cart))
})
.budget(5);

/// What goes.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClearCartQuery {
    /// The item; all of them unless told.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
    pub item_id: Option<ItemId>,
}

/// Takes something out of my cart, or all of it
///
/// Once more does no harm.
#[utoipa::path(
    delete, path = "/api/cart", tag = "market",
    operation_id = "clearCart",
    security(("access_token" = [])),
    params(ClearCartQuery),
    responses(
        (status = 200, body = ShownCart, description = "The whole cart as it is now"),
        (status = 400, body = ErrorBody, description = "No item's id"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn clear_cart(
    State(app): State<App>,
    user: User,
    Query(query): Query<ClearCartQuery>,
) -> Result<axum::Json<ShownCart>> {
    let (table, photos) = (item::table(&app)?, app.config::<PhotosUrl>()?);
    let mut race = Race::new(&app);
    loop {
        let before = Cart::read(&table, user.id).await?;
        let mut after = before.clone();
        after
            .lines
            .retain(|line| query.item_id.is_some_and(|gone| gone != line.item_id));
        let offers = Offers::read(&app, &table, &after.items()).await?;
        if after == before {
            return Ok(axum::Json(ShownCart::of(&before, &offers, &photos)));
        }
        after.version += 1;
        let replaced = after.replace(&app, &table, user.id, &before, None);
        match replaced.await? {
            Replaced::Done | Replaced::Before => {
                return Ok(axum::Json(ShownCart::of(&after, &offers, &photos)));
            }
            Replaced::Not => race.lost().await?,
        }
    }
}
