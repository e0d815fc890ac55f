//! `POST /api/transaction/{transaction_id}/received`: a parcel has come.

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

/// `market-receive`
///
/// Budget: the order and what was bought, the step.
pub const FUNCTION: Function = Function::http("market-receive", || {
    OpenApiRouter::new().routes(routes!(receive))
})
.budget(2);

/// Which parcel of an order.
#[derive(Clone, Copy, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"maker_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f60"}))]
pub struct ReceiveRequest {
    /// Who sent it.
    #[garde(skip)]
    pub maker_id: UserId,
}

/// Says that a parcel has come
///
/// Its maker gets their money. Once more does no harm.
#[utoipa::path(
    post, path = "/api/transaction/{transaction_id}/received", tag = "market",
    operation_id = "receiveParcel",
    security(("access_token" = [])),
    params(("transaction_id" = OrderId, Path, description = "The order")),
    request_body = ReceiveRequest,
    responses(
        (status = 200, body = Transaction, description = "The order as it is now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No such order of the caller's, or no parcel of this maker in it"),
        (status = 409, body = ErrorBody, description = "It was not sent, its money goes back, or the payment is disputed"),
    )
)]
pub async fn receive(
    State(app): State<App>,
    user: User,
    Path(order_id): Path<OrderId>,
    Json(body): Json<ReceiveRequest>,
) -> Result<axum::Json<Transaction>> {
    let action = Action::Receive {
        maker_id: body.maker_id,
    };
    let (stored, contents) = act(&app, Caller::Customer(user.id), order_id, action).await?;
    Ok(axum::Json(Transaction::of(&stored, &contents)?))
}
