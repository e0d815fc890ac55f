//! `POST /api/sales/{transaction_id}/refund`: a maker gives back what a parcel has cost.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Path};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    order::{
        OrderId,
        advance::{Caller, act},
        state::Action,
    },
    sale::Sale,
};

/// `market-refund-sale`
///
/// Budget: the order and what was bought, the step.
pub const FUNCTION: Function = Function::http("market-refund-sale", || {
    OpenApiRouter::new().routes(routes!(refund_sale))
})
.budget(2);

/// Gives back what a parcel has cost
///
/// Whatever became of it; what was passed on of it is taken back. Once more does no harm.
#[utoipa::path(
    post, path = "/api/sales/{transaction_id}/refund", tag = "market",
    operation_id = "refundSale",
    security(("access_token" = [])),
    params(("transaction_id" = OrderId, Path, description = "The order")),
    responses(
        (status = 200, body = Sale, description = "The parcel as it is now"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "The caller has sold nothing in such an order"),
        (status = 409, body = ErrorBody, description = "The payment is disputed"),
    )
)]
pub async fn refund_sale(
    State(app): State<App>,
    user: User,
    Path(order_id): Path<OrderId>,
) -> Result<axum::Json<Sale>> {
    let action = Action::Refund {
        maker_id: Some(user.id),
        reason: None,
    };
    let (stored, contents) = act(&app, Caller::Maker(user.id), order_id, action).await?;
    Ok(axum::Json(Sale::of(&stored, &contents, user.id)?))
}
