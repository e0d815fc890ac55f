//! `DELETE /api/user`: forgets what I have told the market. The account stays, and so do orders.

use axum::{extract::State, response::Response};
use enishi_shared::{App, Error, Function, Result, auth::User, error::ErrorBody, http::no_content};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::customer::{self, HOLD};

/// `market-delete-me`
///
/// Budget: the account, the change.
pub const FUNCTION: Function = Function::http("market-delete-me", || {
    OpenApiRouter::new().routes(routes!(delete_me))
})
.budget(2);

/// Forgets what I have told the market
///
/// My profile, my address, my cart and what I like. The account stays, and so do orders with the address that
/// they were made with; what I sell stays too. While an order is paid and has not all come, it is 409, and the
/// message names it. Once more does no harm.
#[utoipa::path(
    delete, path = "/api/user", tag = "market",
    operation_id = "deleteCustomer",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
        (status = 409, body = ErrorBody, description = "An order is open; `message` names it"),
    )
)]
pub async fn delete_me(State(app): State<App>, user: User) -> Result<Response> {
    let account = customer::account(&app, user.id).await?;
    // An order that is paid a moment later is one that was paid after this: it has its own address.
    let open = account.holds.iter().map(String::as_str);
    let open: Vec<&str> = open.filter(|hold| hold.starts_with(HOLD)).collect();
    if !open.is_empty() {
        return Err(Error::conflict(format!(
            "you have open: {}",
            open.join(", ")
        )));
    }
    customer::erase(&app, user.id).await?;
    Ok(no_content())
}
