//! `PATCH /api/operator/items/{item_id}`: what operators do with an item: put it on the first page or in its
//! place, hide it, show it again.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    audit::audit_key,
    auth::Operator,
    error::ErrorBody,
    http::{Json, Path},
    patch::given,
    store::{Outcome, Race, Transaction},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::{self, Item, ItemId, Offer, item_key},
    product::Product,
};

/// `market-place-item`
///
/// Budget: the item, the change, the stock and what is held of it, at once.
pub const FUNCTION: Function = Function::http("market-place-item", || {
    OpenApiRouter::new().routes(routes!(place_item))
})
.budget(4);

/// What is to change: what is left out stays.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"top": true}))]
pub struct PlaceItemRequest {
    /// Whether it stands on the first page.
    #[garde(skip)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, example = true)]
    pub top: Option<bool>,
    /// Where it stands in lists, the least first.
    #[garde(range(max = MAX_ORDER))]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, minimum = 0, maximum = 2_147_483_647, example = 12)]
    pub item_order: Option<u32>,
    /// `hidden`: nobody sees it, and its maker cannot show it. `on_sale`: that is its maker's to say again.
    #[garde(skip)]
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub status: Option<Offer>,
}

/// The last place.
const MAX_ORDER: u32 = i32::MAX as u32;

/// That an operator has done something with an item.
#[derive(Serialize)]
struct Audit {
    operator_id: UserId,
    item_id: ItemId,
    action: PlaceItemRequest,
    at: Timestamp,
}

/// Puts an item in its place, hides or shows it
#[utoipa::path(
    patch, path = "/api/operator/items/{item_id}", tag = "market",
    operation_id = "placeItem",
    security(("access_token" = ["operator"])),
    params(("item_id" = ItemId, Path, description = "The item")),
    request_body = PlaceItemRequest,
    responses(
        (status = 200, body = Product, description = "The item as it is now"),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
        (status = 404, body = ErrorBody, description = "No such item"),
    )
)]
pub async fn place_item(
    State(app): State<App>,
    Operator(operator): Operator,
    Path(item_id): Path<ItemId>,
    Json(body): Json<PlaceItemRequest>,
) -> Result<axum::Json<Product>> {
    let table = item::table(&app)?;
    let mut race = Race::new(&app);
    loop {
        let before = table.get::<Item>(&item_key(item_id)).await?;
        let before = before.filter(|item| !item.is_deleted);
        let before = before.ok_or_else(|| Error::not_found("item"))?;
        let withheld = body.status.map(|status| status == Offer::Hidden);
        let after = Item {
            top: body.top.unwrap_or(before.top),
            item_order: body.item_order.unwrap_or(before.item_order),
            is_withheld: withheld.unwrap_or(before.is_withheld),
            ..before.clone()
        };
        let change = before
            .change()
            .set("top", after.top)
            .set("item_order", after.item_order)
            .set("is_withheld", after.is_withheld);
        let at = app.now();
        let audit = Audit {
            operator_id: operator.id,
            item_id,
            action: body,
            at,
        };
        let mut tx = Transaction::new(&app);
        tx.update(&table, item_key(item_id), change);
        tx.put(&table, audit_key(at, app.new_id()), &audit)?;
        match tx.commit().await? {
            Outcome::Done => {
                let product = Product::read(&app, &table, after).await?;
                return Ok(axum::Json(product));
            }
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
