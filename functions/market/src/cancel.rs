//! `POST /api/transaction/{transaction_id}/cancel`: calls off what I have bought. What is not paid for is free
//! for others at once; of what is, the parcels that were not sent are paid back.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
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

/// `market-cancel`
///
/// Budget: the order, the step; where it is not paid for, before that the payment, twice.
pub const FUNCTION: Function = Function::http("market-cancel", || {
    OpenApiRouter::new().routes(routes!(cancel))
})
.budget(4);

/// What is called off.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CancelTransaction, example = json!({}))]
pub struct CancelRequest {
    /// Whose parcel; without it all that was not sent.
    #[garde(skip)]
    #[serde(default)]
    pub maker_id: Option<UserId>,
}

/// Calls off what I have bought
///
/// Before it is paid for, all of it; afterwards a parcel that was not sent, or all of these, whose money goes
/// back. What was called off may be called off again.
#[utoipa::path(
    post, path = "/api/transaction/{transaction_id}/cancel", tag = "market",
    operation_id = "cancelTransaction",
    security(("access_token" = [])),
    params(("transaction_id" = OrderId, Path, description = "The transaction")),
    request_body = CancelRequest,
    responses(
        (status = 200, body = Transaction, description = "The transaction as it is now"),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No transaction of one's own, or no parcel of this maker's"),
        (status = 409, body = ErrorBody, description = "A slip is out, a dispute stands, or nothing of it can be called off any more"),
    )
)]
pub async fn cancel(
    State(app): State<App>,
    user: User,
    Path(id): Path<OrderId>,
    Json(body): Json<CancelRequest>,
) -> Result<axum::Json<Transaction>> {
    let maker_id = body.maker_id;
    let cancel = Action::Cancel { maker_id };
    let (order, contents) = act(&app, Caller::Customer(user.id), id, cancel).await?;
    Ok(axum::Json(Transaction::of(&order, &contents)?))
}
