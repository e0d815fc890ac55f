//! `PUT /api/operator/reports`: an operator finds no fault with a parcel.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, UserId, auth::Operator, error::ErrorBody, http::Json, validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    order::{
        OrderId,
        advance::{Caller, act},
        state::Action,
    },
    transaction::Transaction,
};

/// `market-dismiss-report`
///
/// Budget: the order and what was bought, the step.
pub const FUNCTION: Function = Function::http("market-dismiss-report", || {
    OpenApiRouter::new().routes(routes!(dismiss_report))
})
.budget(2);

/// Which report, and why nothing follows from it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "transaction_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50",
    "maker_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f60", "reason": "配達の記録を確認",
}))]
pub struct DismissReportRequest {
    /// The order.
    #[garde(skip)]
    pub transaction_id: OrderId,
    /// Whose parcel.
    #[garde(skip)]
    pub maker_id: UserId,
    /// Why; for other operators.
    #[garde(length(chars, min = 1, max = 500), custom(validate::prose))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
}

/// Finds no fault with a parcel that was reported
///
/// What its maker is to get is passed on in its time. Who gives the money back refunds the parcel instead. Once
/// more does no harm.
#[utoipa::path(
    put, path = "/api/operator/reports", tag = "market",
    operation_id = "dismissOrderReport",
    security(("access_token" = ["operator"])),
    request_body = DismissReportRequest,
    responses(
        (status = 200, body = Transaction, description = "The order as it is now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
        (status = 404, body = ErrorBody, description = "No such order, or no parcel of this maker in it"),
        (status = 409, body = ErrorBody, description = "It is not on its way, or the payment is disputed"),
    )
)]
pub async fn dismiss_report(
    State(app): State<App>,
    Operator(operator): Operator,
    Json(body): Json<DismissReportRequest>,
) -> Result<axum::Json<Transaction>> {
    let action = Action::Dismiss {
        maker_id: body.maker_id,
        reason: body.reason,
    };
    let caller = Caller::Operator(operator.id);
    let (stored, contents) = act(&app, caller, body.transaction_id, action).await?;
    Ok(axum::Json(Transaction::of(&stored, &contents)?))
}
