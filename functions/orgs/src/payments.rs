//! `GET /v1/service/payments`: an organisation's invoices, as they were told by Stripe.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Query};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    invoices::{Payment, StoredInvoice, invoices_of},
    list::PageQuery,
    organization::table,
};

/// `orgs-payments`
///
/// Budget: the caller, the invoices.
pub const FUNCTION: Function = Function::http("orgs-payments", || {
    OpenApiRouter::new().routes(routes!(payments))
})
.budget(2);

/// Payments in an answer.
#[derive(Serialize, ToSchema)]
#[schema(as = LicensePaymentsResponse)]
pub struct PaymentsResponse {
    /// These.
    pub payments: Vec<Payment>,
}

/// Payments
///
/// For admins: the organisation's invoices, the newest first, whoever bought.
#[utoipa::path(
    get, path = "/v1/service/payments", tag = "orgs",
    operation_id = "listPayments",
    security(("access_token" = []), ("id_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = PaymentsResponse, description = "Payments", headers(("Link" = String, description = "The next page, if there is one"))),
        (status = 400, body = ErrorBody, description = "`limit` or `cursor` is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
    )
)]
pub async fn payments(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    caller.admin()?;
    let list = invoices_of(caller.organization_id);
    let (next, found) = list
        .page::<StoredInvoice>(&table(&app)?, true, &query, &uri)
        .await?;
    let payments = found.into_iter().map(Payment::from).collect();
    Ok((next, axum::Json(PaymentsResponse { payments })))
}
