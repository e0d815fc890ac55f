//! `GET /api/item/{item_id}`: all of an item.

use axum::{extract::State, http::HeaderMap, response::Response};
use enishi_shared::{
    App, Error, Function, Result, error::ErrorBody, http::Path, media::picture::PhotosUrl,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    cached::answer,
    item::{self, Item, ItemId, item_key},
    items::ItemPreview,
    maker::{Maker, maker_key},
    pictures::{ItemImage, shown},
    preview::Preview,
};

/// `market-find-item`
///
/// Budget: the item, its maker.
pub const FUNCTION: Function = Function::http("market-find-item", || {
    OpenApiRouter::new().routes(routes!(find_item))
})
.budget(2);

/// All of an item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemDetails {
    /// As lists have it.
    #[serde(flatten)]
    pub preview: ItemPreview,
    /// About it.
    #[schema(required, example = "一つずつ手で絵付けをしています。")]
    pub description: Option<String>,
    /// Its pictures, in their order.
    pub images: Vec<ItemImage>,
    /// What sending a parcel of this maker's costs, in yen.
    #[schema(example = 500)]
    pub shipping_fee: u32,
}

/// An item
#[utoipa::path(
    get, path = "/api/item/{item_id}", tag = "market",
    operation_id = "getItem",
    params(("item_id" = ItemId, Path, description = "The item")),
    responses(
        (status = 200, body = ItemDetails, description = "The item; with an `ETag`, for shared caches"),
        (status = 304, description = "As `If-None-Match` has it"),
        (status = 404, body = ErrorBody, description = "No item that is shown"),
    )
)]
pub async fn find_item(
    State(app): State<App>,
    headers: HeaderMap,
    Path(item_id): Path<ItemId>,
) -> Result<Response> {
    let nothing = || Error::not_found("item");
    let (table, photos) = (item::table(&app)?, app.config::<PhotosUrl>()?);
    let item = table.get::<Item>(&item_key(item_id)).await?;
    let item = item.ok_or_else(nothing)?;
    let maker = table.get::<Maker>(&maker_key(item.maker_id)).await?;
    let maker = maker.ok_or_else(nothing)?;
    let preview = Preview::of(&item, &maker).ok_or_else(nothing)?;
    let details = ItemDetails {
        preview: ItemPreview::of(preview, &photos),
        images: shown(&item.images, &photos),
        description: item.description,
        shipping_fee: maker.shipping_fee,
    };
    answer(&headers, HeaderMap::new(), &details)
}
