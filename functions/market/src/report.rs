//! `POST /api/transaction/{transaction_id}/report`: a parcel has not come, or is not what was sold.
//!
//! That stops what is passed on to its maker until an operator has seen to it: they give the money back, or
//! find no fault. An alarm on the metric `Reports` says that there are new ones.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
    metric, validate,
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

/// `market-report`
///
/// Budget: the order and what was bought, the step.
pub const FUNCTION: Function = Function::http("market-report", || {
    OpenApiRouter::new().routes(routes!(report))
})
.budget(2);

/// What is wrong with which parcel.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "maker_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f60", "reason": "届いた湯のみが割れていました。",
}))]
pub struct ReportParcelRequest {
    /// Who sent it.
    #[garde(skip)]
    pub maker_id: UserId,
    /// In the customer's own words.
    #[garde(length(chars, min = 1, max = 500), custom(validate::prose))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
}

/// Tells the operators of a parcel
///
/// That has not come, or is not what was sold. Its maker gets no money until an operator has seen to it. The
/// first report of a parcel stands.
#[utoipa::path(
    post, path = "/api/transaction/{transaction_id}/report", tag = "market",
    operation_id = "reportParcel",
    security(("access_token" = [])),
    params(("transaction_id" = OrderId, Path, description = "The order")),
    request_body = ReportParcelRequest,
    responses(
        (status = 200, body = Transaction, description = "The order as it is now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No such order of the caller's, or no parcel of this maker in it"),
        (status = 409, body = ErrorBody, description = "It was not sent, is complete, its money goes back, or the payment is disputed"),
    )
)]
pub async fn report(
    State(app): State<App>,
    user: User,
    Path(order_id): Path<OrderId>,
    Json(body): Json<ReportParcelRequest>,
) -> Result<axum::Json<Transaction>> {
    let action = Action::Report {
        maker_id: body.maker_id,
        reason: body.reason,
    };
    let (stored, contents) = act(&app, Caller::Customer(user.id), order_id, action).await?;
    metric::count("Reports", 1);
    Ok(axum::Json(Transaction::of(&stored, &contents)?))
}
