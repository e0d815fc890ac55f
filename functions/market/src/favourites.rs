//! `GET /api/favourites`: what I like.

use std::collections::BTreeSet;

use axum::extract::State;
use enishi_shared::{App, Function, Result, UserId, auth::User, error::ErrorBody, store::Key};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::item::{self, ItemId};

/// `market-favourites`
///
/// Budget: them.
pub const FUNCTION: Function = Function::http("market-favourites", || {
    OpenApiRouter::new().routes(routes!(favourites))
})
.budget(1);

/// The most that somebody has.
pub const MOST: u32 = 500;

/// What somebody likes.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Favourites {
    /// The items, the one that was made last first; some may not be sold any more.
    #[serde(default)]
    #[schema(value_type = Vec<ItemId>)]
    pub items: Vec<ItemId>,
}

/// As they are stored.
#[derive(Default, Deserialize)]
struct Stored {
    #[serde(default)]
    items: BTreeSet<ItemId>,
}

/// Where somebody's lie.
pub fn favourites_key(user_id: UserId) -> Key {
    Key::new(format!("USER#{user_id}"), "FAVOURITES")
}

/// What I like
#[utoipa::path(
    get, path = "/api/favourites", tag = "market",
    operation_id = "listFavourites",
    security(("access_token" = [])),
    responses(
        (status = 200, body = Favourites, description = "The items"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn favourites(State(app): State<App>, user: User) -> Result<axum::Json<Favourites>> {
    let table = item::table(&app)?;
    let stored = table.get::<Stored>(&favourites_key(user.id)).await?;
    let stored = stored.unwrap_or_default();
    // Ids follow one another in time.
    let items = stored.items.into_iter().rev().collect();
    Ok(axum::Json(Favourites { items }))
}
