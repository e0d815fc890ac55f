//! `GET /api/transaction`: what I have bought.

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
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item,
    order::{Listed, MINE, OrderId, mine_key, read_all},
    transaction::Transaction,
};

/// `market-transactions`
///
/// Budget: which are mine; these.
pub const FUNCTION: Function = Function::http("market-transactions", || {
    OpenApiRouter::new().routes(routes!(transactions))
})
.budget(2);

/// The most a page has.
const MOST: i32 = 50;

/// What I have bought
///
/// The newest first, what came to nothing among it.
#[utoipa::path(
    get, path = "/api/transaction", tag = "market",
    operation_id = "listMyTransactions",
    security(("access_token" = [])),
    params(PageQuery<MOST>),
    responses(
        (status = 200, body = [Transaction], description = "The transactions; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn transactions(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery<MOST>>,
) -> Result<(HeaderMap, axum::Json<Vec<Transaction>>)> {
    let after = query.after()?.map(|id| id.parse::<OrderId>()).transpose();
    let after = after.map_err(|_| Error::invalid("cursor", "cursor is not one of this list"))?;
    let after = after.map(|id| mine_key(user.id, id));
    let table = item::table(&app)?;
    let listed = table
        .query("pk = :user AND begins_with(sk, :order)")
        .value(":user", s(format!("USER#{}", user.id)))
        .value(":order", s(MINE))
        .descending()
        .limit(query.limit())
        .after(after.map(|key| key.attributes()))
        .page::<Listed>()
        .await?;
    let next = listed.next.as_ref().and_then(Key::of);
    let next = next.and_then(|key| Some(key.sk.strip_prefix(MINE)?.to_owned()));
    let ids: Vec<OrderId> = listed.items.iter().map(|listed| listed.order_id).collect();
    let orders = read_all(&app, &table, &ids).await?;
    let orders = orders
        .iter()
        .map(|(order, what)| Transaction::of(order, what));
    Ok((
        next_link(&uri, query.limit(), next.as_deref()),
        axum::Json(orders.collect::<Result<_>>()?),
    ))
}
