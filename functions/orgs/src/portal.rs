//! `POST /v1/service/portal`: the way to Stripe's pages on which an organisation manages its card and its invoices.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, error::ErrorBody, frontend::FrontendUrl, stripe,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    organization::{self, table},
};

/// `orgs-portal`
///
/// Budget: the caller, the organisation.
pub const FUNCTION: Function = Function::http("orgs-portal", || {
    OpenApiRouter::new().routes(routes!(portal))
})
.budget(2);

/// Where it is managed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortalResponse {
    /// Stripe's page, for a few minutes.
    #[schema(
        format = "uri",
        example = "https://billing.stripe.com/p/session/test_a1b2c3"
    )]
    pub url: String,
}

/// Opens the billing portal
///
/// For admins, once a licence was asked for: the card, the invoices, and the licence's end.
#[utoipa::path(
    post, path = "/v1/service/portal", tag = "orgs",
    operation_id = "openPortal",
    security(("access_token" = []), ("id_token" = [])),
    responses(
        (status = 200, body = PortalResponse, description = "Where it is"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 409, body = ErrorBody, description = "No licence was ever asked for"),
    )
)]
pub async fn portal(State(app): State<App>, caller: Caller) -> Result<axum::Json<PortalResponse>> {
    caller.admin()?;
    let organization = organization::of_caller(&table(&app)?, &caller).await?;
    let customer = organization
        .customer
        .ok_or_else(|| Error::conflict("the organization has asked for no license yet"))?;
    let page = format!("{}/licenses", app.config::<FrontendUrl>()?.0);
    // A link lasts for minutes: each is its own.
    let key = format!("portal-{}", app.new_id());
    let stripe = stripe::client(&app);
    let url = stripe.create_portal(&key, &customer, &page).await?.url;
    Ok(axum::Json(PortalResponse { url }))
}
