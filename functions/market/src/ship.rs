//! `POST /api/sales/{transaction_id}/ship`: a maker has sent a parcel.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
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
    sale::Sale,
};

/// `market-ship`
///
/// Budget: the order and what was bought, the step.
pub const FUNCTION: Function =
    Function::http("market-ship", || OpenApiRouter::new().routes(routes!(ship))).budget(2);

/// How a parcel travels.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ship_id": "1234-5678-9012", "carrier": "日本郵便"}))]
pub struct ShipRequest {
    /// The number to follow it by, as the carrier writes it.
    #[garde(length(chars, min = 1, max = 40), custom(number))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[0-9A-Za-z-]+$")]
    pub ship_id: String,
    /// Who carries it.
    #[garde(inner(length(chars, min = 1, max = 50), custom(validate::line)))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub carrier: Option<String>,
}

fn number<C>(value: &str, _: &C) -> garde::Result {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match value.bytes().all(is_one) {
        true => Ok(()),
        false => Err(garde::Error::new("digits, letters and hyphens")),
    }
}

/// Says that a parcel is on its way
///
/// Its customer is told how to follow it. Once more in other words corrects these, until the parcel has come.
#[utoipa::path(
    post, path = "/api/sales/{transaction_id}/ship", tag = "market",
    operation_id = "shipParcel",
    security(("access_token" = [])),
    params(("transaction_id" = OrderId, Path, description = "The order")),
    request_body = ShipRequest,
    responses(
        (status = 200, body = Sale, description = "The parcel as it is now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "The caller has sold nothing in such an order"),
        (status = 409, body = ErrorBody, description = "The parcel has come or its money goes back, or the payment is disputed"),
    )
)]
pub async fn ship(
    State(app): State<App>,
    user: User,
    Path(order_id): Path<OrderId>,
    Json(body): Json<ShipRequest>,
) -> Result<axum::Json<Sale>> {
    let action = Action::Ship {
        maker_id: user.id,
        ship_id: body.ship_id,
        carrier: body.carrier,
    };
    let (stored, contents) = act(&app, Caller::Maker(user.id), order_id, action).await?;
    Ok(axum::Json(Sale::of(&stored, &contents, user.id)?))
}
