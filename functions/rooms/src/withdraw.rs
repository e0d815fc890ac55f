//! `DELETE /register/{date}`: withdraw before the rooms are drawn.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Path, Query, no_content},
    store::{Outcome, Transaction, when},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    seating::{Mark, enrollment_key, gate_key, table, withdrawn_key},
    slot::Slots,
};

/// `rooms-withdraw`
pub const FUNCTION: Function = Function::http("rooms-withdraw", || {
    OpenApiRouter::new().routes(routes!(withdraw))
})
.budget(1);

/// Which slot of the day.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WithdrawQuery {
    /// The slot's time; the first of the day unless told.
    #[garde(skip)]
    #[param(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
}

/// Withdraw an enrollment
#[utoipa::path(
    delete,
    path = "/register/{date}",
    operation_id = "withdrawFromSlot",
    tag = "rooms",
    security(("access_token" = [])),
    params(("date" = String, Path, description = "The slot's day", format = Date, example = "2026-11-21"), WithdrawQuery),
    responses(
        (status = 204, description = "Withdrawn"),
        (status = 400, description = "Unknown slot, or past", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 404, description = "Not enrolled", body = ErrorBody),
        (status = 409, description = "The rooms are drawn", body = ErrorBody),
    )
)]
pub async fn withdraw(
    State(app): State<App>,
    user: User,
    Path(date): Path<String>,
    Query(query): Query<WithdrawQuery>,
) -> Result<Response> {
    let slot = app
        .config::<Slots>()?
        .requested(app.now(), &date, query.time.as_deref())?;
    let table = table(&app)?;
    let mut tx = Transaction::new(&app);
    let gate = gate_key(slot.id(), user.id);
    tx.check(&table, gate, when().absent("pk"));
    let enrollment = enrollment_key(slot.id(), user.id);
    let enrollment = tx.delete_when(&table, enrollment, when().exists("pk"));
    // What comes every week does not come back on this day.
    tx.put(&table, withdrawn_key(slot.id(), user.id), &Mark::of(&slot))?;
    match tx.commit().await? {
        Outcome::Done => Ok(no_content()),
        Outcome::Refused(refused) if refused.is(enrollment) => Err(Error::not_found("enrollment")),
        Outcome::Refused(_) => Err(Error::conflict("the rooms of this slot are drawn")),
    }
}
