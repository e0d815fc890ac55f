//! `DELETE /api/favourites`: I do not like an item any more.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Query, no_content},
    store::Change,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    favourites::favourites_key,
    item::{self, ItemId},
};

/// `market-remove-favourite`
///
/// Budget: the favourites.
pub const FUNCTION: Function = Function::http("market-remove-favourite", || {
    OpenApiRouter::new().routes(routes!(remove_favourite))
})
.budget(1);

/// What goes.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RemoveFavouriteQuery {
    /// The item.
    #[garde(skip)]
    #[param(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
    pub item_id: ItemId,
}

/// I do not like an item any more
///
/// Once more does no harm.
#[utoipa::path(
    delete, path = "/api/favourites", tag = "market",
    operation_id = "removeFavourite",
    security(("access_token" = [])),
    params(RemoveFavouriteQuery),
    responses(
        (status = 204, description = "It is not among the favourites"),
        (status = 400, body = ErrorBody, description = "No item's id"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn remove_favourite(
    State(app): State<App>,
    user: User,
    Query(query): Query<RemoveFavouriteQuery>,
) -> Result<Response> {
    let table = item::table(&app)?;
    let unliked = Change::new().discard("items", query.item_id.to_string());
    table.update(favourites_key(user.id), unliked).await?;
    Ok(no_content())
}
