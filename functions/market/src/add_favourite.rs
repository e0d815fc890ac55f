//! `POST /api/favourites`: I like an item.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Json, no_content},
    store::{Change, Written, when},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    favourites::{MOST, favourites_key},
    item::{self, Item, ItemId, item_key},
};

/// `market-add-favourite`
///
/// Budget: the item, the favourites.
pub const FUNCTION: Function = Function::http("market-add-favourite", || {
    OpenApiRouter::new().routes(routes!(add_favourite))
})
.budget(2);

/// An item.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FavouriteRequest {
    /// It.
    #[garde(skip)]
    pub item_id: ItemId,
}

/// I like an item
///
/// Once more does no harm. One has 500 at the most.
#[utoipa::path(
    post, path = "/api/favourites", tag = "market",
    operation_id = "addFavourite",
    security(("access_token" = [])),
    request_body = FavouriteRequest,
    responses(
        (status = 204, description = "It is among the favourites"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No such item"),
        (status = 409, body = ErrorBody, description = "One has 500 already"),
    )
)]
pub async fn add_favourite(
    State(app): State<App>,
    user: User,
    Json(body): Json<FavouriteRequest>,
) -> Result<Response> {
    let table = item::table(&app)?;
    let item = table.get::<Item>(&item_key(body.item_id)).await?;
    if item.is_none_or(|item| item.is_deleted) {
        return Err(Error::not_found("item"));
    }
    let id = body.item_id.to_string();
    let has_room = when()
        .absent("items")
        .or(when().smaller("items", MOST))
        .or(when().contains("items", &id));
    let liked = Change::new().insert("items", &id).when(has_room);
    match table.update(favourites_key(user.id), liked).await? {
        Written::Done => Ok(no_content()),
        Written::Refused(_) => Err(Error::conflict("500 favourites are the most")),
    }
}
