//! `GET /api/visits/operator/reports`: the reports that wait for an operator.

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
    profile::table,
    report::{Report, WAITING},
};

/// `visits-reports`
pub const FUNCTION: Function = Function::http("visits-reports", || {
    OpenApiRouter::new().routes(routes!(reports))
})
.budget(1);

/// The reports that wait, the oldest first
#[utoipa::path(
    get, path = "/api/visits/operator/reports", tag = "visits",
    operation_id = "listWaitingReports",
    security(("access_token" = ["operator"])),
    params(PageQuery),
    responses(
        (status = 200, body = [Report], description = "The reports; `Link` leads to the next page"),
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
) -> Result<(HeaderMap, axum::Json<Vec<Report>>)> {
    let after = query.after()?;
    let after = after.map(|sk| Key::new(WAITING, sk).attributes());
    let page = table(&app)?
        .query("pk = :queue")
        .value(":queue", s(WAITING))
        .limit(query.limit())
        .after(after)
        .page::<Report>()
        .await?;
    let last = page.next.and(page.items.last());
    let last = last.map(|report| report.report_id.to_string());
    Ok((
        next_link(&uri, query.limit(), last.as_deref()),
        axum::Json(page.items),
    ))
}
