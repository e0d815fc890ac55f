//! `GET /api/operator/reports`: what waits for an operator.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{
    App, Function, Result,
    auth::Operator,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Key, s},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::table,
    trouble::{Trouble, WAITING},
};

/// `market-reports`
pub const FUNCTION: Function = Function::http("market-reports", || {
    OpenApiRouter::new().routes(routes!(reports))
})
.budget(1);

/// What waits for an operator
///
/// What customers report, refunds that failed, what makers owe, and disputes, of the oldest orders first.
#[utoipa::path(
    get, path = "/api/operator/reports", tag = "market",
    operation_id = "listOrderTroubles",
    security(("access_token" = ["operator"])),
    params(PageQuery),
    responses(
        (status = 200, body = [Trouble], description = "What waits; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
    )
)]
pub async fn reports(
    State(app): State<App>,
    _: Operator,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<(HeaderMap, axum::Json<Vec<Trouble>>)> {
    let after = query.after()?;
    let page = table(&app)?
        .query("pk = :queue")
        .value(":queue", s(WAITING))
        .limit(query.limit())
        .after(after.map(|sk| Key::new(WAITING, sk).attributes()))
        .page::<Trouble>()
        .await?;
    let last = page.next.and(page.items.last()).map(Trouble::sort_key);
    Ok((
        next_link(&uri, query.limit(), last.as_deref()),
        axum::Json(page.items),
    ))
}
