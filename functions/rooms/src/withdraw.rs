//! `DELETE /register/{date}`: withdraw. Before the rooms are drawn the enrollment is gone. Afterwards, until
//! the start, it stays and says so: the others in the room see it, whoever walks in is counted in
//! without them, and at the close it is half an absence.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Path, Query, no_content},
    store::{Change, Outcome, Race, Table, Transaction, decode, when},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    assign::Draw,
    enrollment::{EnrollmentItem, room_of},
    seating::{Mark, draw_key, enrollment_key, gate_key, mark_withdrawn, table, withdrawn_key},
    slot::{Slot, Slots},
};

/// `rooms-withdraw`
///
/// Budget: after the draw, of those who did not walk in; 1 before it.
pub const FUNCTION: Function = Function::http("rooms-withdraw", || {
    OpenApiRouter::new().routes(routes!(withdraw))
})
.budget(4);

/// Which slot of the day.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WithdrawQuery {
    /// The slot's time; the first of the day unless told.
    #[garde(skip)]
    #[param(pattern = "^([0-9]|[01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
}

/// Withdraw an enrollment
///
/// Before the rooms are drawn nothing is left of it. After that and until the slot starts one leaves
/// the room: its members see it, and it counts half an absence. Repeating that is 204 again.
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
        (status = 409, description = "The rooms are drawn, and the slot has begun", body = ErrorBody),
        (status = 503, description = "The rooms are being drawn: try again", body = ErrorBody),
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
        Outcome::Done => {}
        Outcome::Refused(refused) if refused.is(enrollment) => return Err(not_enrolled()),
        Outcome::Refused(_) => leave(&app, &table, &user, &slot).await?,
    }
    Ok(no_content())
}

fn not_enrolled() -> Error {
    Error::not_found("enrollment")
}

/// Withdraws somebody after the draw.
async fn leave(app: &App, table: &Table, user: &User, slot: &Slot) -> Result<()> {
    let (draw, enrollment) = (draw_key(slot.id()), enrollment_key(slot.id(), user.id));
    let mut items = table.batch_get(&[draw.clone(), enrollment.clone()]).await?;
    let stored = items.remove(&enrollment).ok_or_else(not_enrolled)?;
    let stored: EnrollmentItem = decode(stored)?;
    if stored.withdrawn {
        return Ok(());
    }
    if slot.start <= app.now() {
        return Err(Error::conflict("the slot has begun"));
    }
    let drawn: Option<Draw> = items.remove(&draw).map(decode).transpose()?;
    let mut drawn = drawn.filter(Draw::is_drawn);
    let room = match &drawn {
        Some(_) => room_of(app, &stored).await?,
        None => None,
    };
    // Others may walk in or withdraw at the same moment.
    let mut race = Race::new(app);
    loop {
        let (Some(before), Some(room)) = (drawn, room) else {
            // The gates are closed, the rooms not yet known: the draw is running.
            return Err(Error::unavailable(2));
        };
        let mut tx = Transaction::new(app);
        let withdrawn = Change::new()
            .set("withdrawn", true)
            .when(when().exists("pk").absent("withdrawn"));
        let gone = tx.update(table, enrollment.clone(), withdrawn).of();
        let smaller = Change::new()
            .set("sizes", before.sizes.without_one_in(room.number))
            .when(when().eq("sizes", before.sizes));
        let sizes = tx.update(table, draw.clone(), smaller).of();
        mark_withdrawn(&mut tx, table, room, slot, user.id);
        let Outcome::Refused(refused) = tx.commit().await? else {
            return Ok(());
        };
        if refused.is(gone) {
            let there: Option<EnrollmentItem> = refused.item(gone)?;
            return there.map(|_| ()).ok_or_else(not_enrolled);
        }
        drawn = refused.item(sizes)?;
        race.lost().await?;
    }
}
