//! `GET /api/sales`: what a maker has sold, and where it is to be sent.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Key, s},
};
use futures_util::future::try_join;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::table,
    maker::{Maker, maker_key, no_maker},
    order::{Listed, OrderId, read_all, sales as partition},
    sale::Sale,
};

/// `market-sales`
///
/// Budget: the maker and which orders, at once; these, and what was bought.
pub const FUNCTION: Function = Function::http("market-sales", || {
    OpenApiRouter::new().routes(routes!(sales))
})
.budget(3);

/// The most a page has: each is two items of a batch.
const MOST: i32 = 50;

/// What I have sold
///
/// The newest first. What is to be sent is not older than 14 days, unless its payment was disputed.
#[utoipa::path(
    get, path = "/api/sales", tag = "market",
    operation_id = "listMySales",
    security(("access_token" = [])),
    params(PageQuery<MOST>),
    responses(
        (status = 200, body = [Sale], description = "The parcels; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a maker"),
    )
)]
pub async fn sales(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery<MOST>>,
) -> Result<(HeaderMap, axum::Json<Vec<Sale>>)> {
    let after = query.after()?;
    if after
        .as_deref()
        .is_some_and(|id| id.parse::<OrderId>().is_err())
    {
        return Err(Error::invalid("cursor", "cursor is not one of this list"));
    }
    let table = table(&app)?;
    let pk = partition(user.id);
    let sold = table
        .query("pk = :sales")
        .value(":sales", s(&*pk))
        .descending()
        .limit(query.limit())
        .after(after.map(|sk| Key::new(&*pk, sk).attributes()))
        .page::<Listed>();
    let place = maker_key(user.id);
    let (maker, sold) = try_join(table.get::<Maker>(&place), sold).await?;
    maker.ok_or_else(no_maker)?;
    let next = sold.next.as_ref().and_then(Key::of).map(|key| key.sk);
    let ids: Vec<OrderId> = sold.items.iter().map(|sale| sale.order_id).collect();
    let orders = read_all(&app, &table, &ids).await?;
    let sales = orders.iter();
    let sales = sales.map(|(stored, contents)| Sale::of(stored, contents, user.id));
    Ok((
        next_link(&uri, query.limit(), next.as_deref()),
        axum::Json(sales.collect::<Result<_>>()?),
    ))
}
