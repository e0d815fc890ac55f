//! `GET /api/makers/{maker_id}`: who sells, and what the law wants to be said of them.

use axum::{extract::State, http::HeaderMap, response::Response};
use enishi_shared::{App, Error, Function, Result, UserId, error::ErrorBody, http::Path};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    cached::answer,
    item,
    maker::{Maker, Notice, maker_key},
};

/// `market-find-maker`
///
/// Budget: the maker.
pub const FUNCTION: Function = Function::http("market-find-maker", || {
    OpenApiRouter::new().routes(routes!(find_maker))
})
.budget(1);

/// A maker, as others see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownMaker {
    /// Who.
    pub maker_id: UserId,
    /// What they are called.
    #[schema(example = "縁工房")]
    pub maker_name: String,
    /// About them.
    #[schema(required, example = "金沢の小さな工房です。")]
    pub description: Option<String>,
    /// What sending a parcel costs, in yen.
    #[schema(example = 500)]
    pub shipping_fee: u32,
    /// What the law wants to be said of who sells.
    #[schema(required)]
    pub notice: Option<Notice>,
}

/// A maker
///
/// One who may not sell is not shown.
#[utoipa::path(
    get, path = "/api/makers/{maker_id}", tag = "market",
    operation_id = "getMaker",
    params(("maker_id" = UserId, Path, description = "The maker")),
    responses(
        (status = 200, body = ShownMaker, description = "The maker; with an `ETag`, for shared caches"),
        (status = 304, description = "As `If-None-Match` has it"),
        (status = 404, body = ErrorBody, description = "No maker who may sell"),
    )
)]
pub async fn find_maker(
    State(app): State<App>,
    headers: HeaderMap,
    Path(maker_id): Path<UserId>,
) -> Result<Response> {
    let table = item::table(&app)?;
    let maker = table.get::<Maker>(&maker_key(maker_id)).await?;
    let maker = maker.filter(Maker::is_able);
    let maker = maker.ok_or_else(|| Error::not_found("maker"))?;
    let shown = ShownMaker {
        maker_id: maker.maker_id,
        maker_name: maker.maker_name,
        description: maker.description,
        shipping_fee: maker.shipping_fee,
        notice: maker.notice,
    };
    answer(&headers, HeaderMap::new(), &shown)
}
