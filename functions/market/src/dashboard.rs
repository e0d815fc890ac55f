//! `GET /api/stripe/mypage`: where a maker sees their money.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    stripe::{self, StripeError},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item,
    maker::{Maker, maker_key, no_maker},
};

/// `market-dashboard`
///
/// Budget: the maker.
pub const FUNCTION: Function = Function::http("market-dashboard", || {
    OpenApiRouter::new().routes(routes!(dashboard))
})
.budget(1);

/// A page of Stripe's, for one visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct DashboardLink {
    /// The page.
    #[schema(
        format = "uri",
        example = "https://connect.stripe.com/express/acct_1/abc"
    )]
    pub url: String,
}

/// Where to see one's money
#[utoipa::path(
    get, path = "/api/stripe/mypage", tag = "market",
    operation_id = "createDashboardLink",
    security(("access_token" = [])),
    responses(
        (status = 200, body = DashboardLink, description = "The page"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a maker"),
        (status = 409, body = ErrorBody, description = "Stripe has not been told all it wants to know"),
    )
)]
pub async fn dashboard(State(app): State<App>, user: User) -> Result<axum::Json<DashboardLink>> {
    let untold = || Error::conflict("tell Stripe about yourself first: GET /api/stripe/create");
    let table = item::table(&app)?;
    let maker = table.get::<Maker>(&maker_key(user.id)).await?;
    let account = maker.ok_or_else(no_maker)?.stripe_account_id;
    let account = account.ok_or_else(untold)?;
    let key = format!("dashboard-{}", app.new_id());
    let link = stripe::client(&app).create_login_link(&key, &account).await;
    match link {
        Ok(link) => Ok(axum::Json(DashboardLink { url: link.url })),
        Err(StripeError::Refused(failure)) if failure.status == 400 => Err(untold()),
        Err(error) => Err(error.into()),
    }
}
