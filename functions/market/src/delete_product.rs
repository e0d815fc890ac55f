//! `DELETE /api/products/{item_id}`: takes an item of mine away. One of which an order was ever made is
//! hidden instead, with its pictures: the order goes on telling of it, and it may be sold again.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Path, no_content},
    store::{Outcome, Race, Transaction},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::{self, ItemId},
    product::{own, take_away},
};

/// `market-delete-product`
///
/// Budget: the item, the change.
pub const FUNCTION: Function = Function::http("market-delete-product", || {
    OpenApiRouter::new().routes(routes!(delete_product))
})
.budget(2);

/// Takes an item of mine away
///
/// One of which an order was ever made is hidden, and stays among mine.
#[utoipa::path(
    delete, path = "/api/products/{item_id}", tag = "market",
    operation_id = "deleteProduct",
    security(("access_token" = [])),
    params(("item_id" = ItemId, Path, description = "The item")),
    responses(
        (status = 204, description = "Nobody sees it any more"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No item of one's own"),
    )
)]
pub async fn delete_product(
    State(app): State<App>,
    user: User,
    Path(item_id): Path<ItemId>,
) -> Result<Response> {
    let me = user.id;
    let table = item::table(&app)?;
    let mut race = Race::new(&app);
    loop {
        let item = own(&table, me, item_id).await?;
        let mut tx = Transaction::new(&app);
        take_away(&mut tx, &app, &table, &item)?;
        match tx.commit().await? {
            Outcome::Done => return Ok(no_content()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
