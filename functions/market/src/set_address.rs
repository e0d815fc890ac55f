//! `POST /api/address`: where parcels to me go.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    customer::{self, Address},
    me::Me,
};

/// `market-set-address`
///
/// Budget: the account and what was told, at once; the change.
pub const FUNCTION: Function = Function::http("market-set-address", || {
    OpenApiRouter::new().routes(routes!(set_address))
})
.budget(3);

/// Where parcels to me go
///
/// In place of what was told before. Orders keep the address that they were made with.
#[utoipa::path(
    post, path = "/api/address", tag = "market",
    operation_id = "setCustomerAddress",
    security(("access_token" = [])),
    request_body = Address,
    responses(
        (status = 200, body = Me, description = "The customer as they are now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
    )
)]
pub async fn set_address(
    State(app): State<App>,
    user: User,
    Json(body): Json<Address>,
) -> Result<axum::Json<Me>> {
    customer::change(&app, user.id, |customer| {
        customer.address = Some(body.clone());
        Ok(())
    })
    .await
}
