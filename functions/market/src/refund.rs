//! `POST /api/operator/transactions/{transaction_id}/refund`: an operator gives back what a parcel has cost.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, UserId,
    auth::Operator,
    error::ErrorBody,
    http::{Json, Path},
    validate,
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

/// `market-refund`
///
/// Budget: the order and what was bought, the step.
pub const FUNCTION: Function = Function::http("market-refund", || {
    OpenApiRouter::new().routes(routes!(refund))
})
.budget(2);

/// Which parcel's money goes back, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "maker_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f60", "reason": "破損の写真を確認",
}))]
pub struct RefundParcelRequest {
    /// Whose parcel; left out: all of the money, where it came when there was nothing left to sell and could
    /// not be given back.
    #[garde(skip)]
    #[serde(default)]
    pub maker_id: Option<UserId>,
    /// Why; for other operators.
    #[garde(length(chars, min = 1, max = 500), custom(validate::prose))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
}

/// Gives back what a parcel has cost
///
/// Whatever became of it; what was passed on of it is taken back. Also repeats a refund that failed. Once more
/// does no harm.
#[utoipa::path(
    post, path = "/api/operator/transactions/{transaction_id}/refund", tag = "market",
    operation_id = "refundParcel",
    security(("access_token" = ["operator"])),
    params(("transaction_id" = OrderId, Path, description = "The order")),
    request_body = RefundParcelRequest,
    responses(
        (status = 200, body = Transaction, description = "The order as it is now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
        (status = 404, body = ErrorBody, description = "No such order, or no parcel of this maker in it"),
        (status = 409, body = ErrorBody, description = "It was never paid for, or the payment is disputed"),
    )
)]
pub async fn refund(
    State(app): State<App>,
    Operator(operator): Operator,
    Path(order_id): Path<OrderId>,
    Json(body): Json<RefundParcelRequest>,
) -> Result<axum::Json<Transaction>> {
    let action = Action::Refund {
        maker_id: body.maker_id,
        reason: Some(body.reason),
    };
    let (stored, contents) = act(&app, Caller::Operator(operator.id), order_id, action).await?;
    Ok(axum::Json(Transaction::of(&stored, &contents)?))
}
