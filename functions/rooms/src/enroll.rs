//! `POST /register/`: enroll for a slot, or walk in after its rooms are drawn.
//!
//! An enrollment is put in one transaction with a check that its gate is open; the draw closes the
//! gates before it reads. So an enrollment is either in the draw or refused, never lost between.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Json,
    idempotency::{Creation, IdempotencyKey},
    store::{Change, Outcome, Race, Table, Transaction, decode, when},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    assign::Draw,
    enrollment::{Enrollment, EnrollmentItem, is_drawn},
    person::{check_here, person_key},
    seating::{Member, draw_key, gate_key, seat_walk_in, table},
    slot::{RoomId, Slot, Slots},
    wishes,
};

/// `rooms-enroll`
///
/// Budget: to walk in where somebody is avoided, 3 for others; 2 to repeat it after the draw, else 1.
pub const FUNCTION: Function = Function::http("rooms-enroll", || {
    OpenApiRouter::new().routes(routes!(enroll))
})
.budget(4);

/// For which slot.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrollRequest {
    /// The day, where the slots are: today up to 30 days ahead.
    #[garde(skip)]
    #[schema(example = "2026-11-21", format = Date)]
    pub date: String,
    /// The slot's time; the first of the day unless told.
    #[garde(skip)]
    #[schema(pattern = "^([0-9]|[01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
}

/// Enroll for a slot
///
/// Repeating it answers the same enrollment with 200. After the rooms are drawn and until the slot
/// ends, one walks in: into the smallest room, and into a new one where all others have two more people
/// than a room is meant for. A slot of yesterday that has not ended yet can be named too.
#[utoipa::path(
    post,
    path = "/register/",
    operation_id = "enrollForSlot",
    tag = "rooms",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = EnrollRequest,
    responses(
        (status = 201, description = "Enrolled", body = Enrollment),
        (status = 200, description = "Was enrolled already", body = Enrollment),
        (status = 400, description = "Unknown slot, past, or more than 30 days ahead", body = ErrorBody),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 409, description = "The slot is over, or one has withdrawn from it after the draw", body = ErrorBody),
    )
)]
pub async fn enroll(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<EnrollRequest>,
) -> Result<impl IntoResponse> {
    let slots = app.config::<Slots>()?;
    let slot = slots.requested(app.now(), &body.date, body.time.as_deref())?;
    if slot.end <= app.now() {
        return Err(Error::conflict("the slot is over"));
    }
    let creation = key.creation(&app, &format!("rooms-enroll\n{}", user.id), &body)?;
    let table = table(&app)?;
    let item = EnrollmentItem::new(&app, &user, &slot);
    let mut tx = Transaction::new(&app);
    let gate = tx.check(&table, gate_key(slot.id(), user.id), when().absent("pk"));
    let enrollment = tx.create(&table, item.key(), &item)?;
    let here = check_here(&mut tx, &table, user.id);
    let outcome = tx.commit_once(&table, creation.as_ref(), &item.id).await?;
    let (refused, replayed) = match outcome {
        Outcome::Done => return Ok((StatusCode::CREATED, axum::Json(item.view(&slots, false)))),
        Outcome::Replayed { refused, .. } => (refused, true),
        Outcome::Refused(refused) => (refused, false),
    };
    if refused.is(here) {
        return Err(Error::token_invalid());
    }
    if let Some(existing) = refused.item(enrollment)? {
        let drawn = refused.is(gate) && is_drawn(&app, slot.id()).await?;
        return present(&slots, existing, drawn, replayed);
    }
    if replayed || !refused.is(gate) {
        // The key was used for an enrollment that has been withdrawn since.
        return Err(Error::conflict("this Idempotency-Key was used before"));
    }
    walk_in(&app, &table, &slots, &slot, item, creation.as_ref()).await
}

/// What is answered where somebody is enrolled already: by the same request, which is `replayed`, or
/// by another one. Who has withdrawn after the draw stays away: the others were told so.
fn present(
    slots: &Slots,
    existing: EnrollmentItem,
    drawn: bool,
    replayed: bool,
) -> Result<(StatusCode, axum::Json<Enrollment>)> {
    let status = if replayed {
        StatusCode::CREATED
    } else if existing.withdrawn {
        return Err(Error::conflict("you have withdrawn from this slot"));
    } else {
        StatusCode::OK
    };
    Ok((status, axum::Json(existing.view(slots, drawn))))
}

/// Seats somebody after the draw. What those who walk in share is how many are in each room: which one
/// the next of them gets follows from it (see [`Draw::walk_in`]), and from whom they are to be kept apart.
async fn walk_in(
    app: &App,
    table: &Table,
    slots: &Slots,
    slot: &Slot,
    mut item: EnrollmentItem,
    creation: Option<&Creation>,
) -> Result<(StatusCode, axum::Json<Enrollment>)> {
    let member = Member {
        user_id: item.user_id,
        username: Some(item.username.clone()),
    };
    let keys = [draw_key(slot.id()), person_key(item.user_id)];
    let mut items = table.batch_get(&keys).await?;
    let wishes = wishes::take(&items, item.user_id)?;
    let draw = items.remove(&draw_key(slot.id()));
    let mut draw: Option<Draw> = draw.map(decode).transpose()?;
    // Others may walk in at the same moment.
    let mut race = Race::new(app);
    loop {
        let Some(drawn) = draw.filter(Draw::is_drawn) else {
            // The gates are closed, the rooms not yet known: the draw is running.
            return Err(Error::unavailable(2));
        };
        let apart = wishes::apart(app, slot.id(), &wishes, drawn.with_a_seat()).await?;
        let (number, sizes) = drawn.walk_in(&apart);
        let room = RoomId::new(slot.id(), number);
        item.room_id = Some(room.to_string());
        let next = Change::new()
            .set("sizes", sizes)
            .when(when().eq("sizes", drawn.sizes));
        let mut tx = Transaction::new(app);
        let count = tx.update(table, draw_key(slot.id()), next).of();
        let enrollment = tx.create(table, item.key(), &item)?;
        seat_walk_in(&mut tx, table, room, slot, &member);
        let here = check_here(&mut tx, table, item.user_id);
        let (refused, replayed) = match tx.commit_once(table, creation, &item.id).await? {
            Outcome::Done => return Ok((StatusCode::CREATED, axum::Json(item.view(slots, true)))),
            Outcome::Replayed { refused, .. } => (refused, true),
            Outcome::Refused(refused) => (refused, false),
        };
        if refused.is(here) {
            return Err(Error::token_invalid());
        }
        if let Some(existing) = refused.item(enrollment)? {
            return present(slots, existing, true, replayed);
        }
        draw = refused.item(count)?;
        race.lost().await?;
    }
}
