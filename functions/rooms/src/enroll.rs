//! `POST /register/`: enrol for a slot, or walk in after its rooms are drawn.
//!
//! An enrolment is put in one transaction with a check that its gate is open; the draw closes the
//! gates before it reads. So an enrolment is either in the draw or refused, never lost between.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Json,
    idempotency::{Creation, IdempotencyKey},
    store::{Committed, Expression, Item, Write, decode, n},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    assign::{self, Draw},
    enrolment::{Enrolment, EnrolmentItem},
    person,
    seating::{self, Member, draw_key, enrolment_key, gate_key, table},
    slot::{RoomId, Slot, Slots},
};

/// `rooms-enroll`
///
/// Budget: to walk in; 2 to repeat it after the draw, else 1.
pub const FUNCTION: Function = Function::http("rooms-enroll", || {
    OpenApiRouter::new().routes(routes!(enroll))
})
.budget(3);

/// Attempts to be the next to walk in, against others who do so at the same moment.
const ATTEMPTS: usize = 20;

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
    #[schema(example = "09:00")]
    pub time: Option<String>,
}

/// Enrol for a slot
///
/// Repeating it answers the same enrolment with 200. After the rooms are drawn and until the slot
/// ends, one walks in: into the smallest room that has a seat, or a new one.
#[utoipa::path(
    post,
    path = "/register/",
    tag = "rooms",
    security(("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same body answers the same, for 24 hours")),
    request_body = EnrollRequest,
    responses(
        (status = 201, description = "Enrolled", body = Enrolment),
        (status = 200, description = "Was enrolled already", body = Enrolment),
        (status = 400, description = "Unknown slot, past, or more than 30 days ahead", body = ErrorBody),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 409, description = "The slot is over", body = ErrorBody),
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
    let creation = key
        .0
        .map(|key| Creation::new(&app, &format!("rooms-enroll\n{}", user.id), &key, &body))
        .transpose()?;
    let item = EnrolmentItem::new(&app, &user, &slot);
    let mut writes = vec![
        Write::Check(
            gate_key(&slot.id(), &user.id),
            Expression::when("attribute_not_exists(pk)"),
        ),
        Write::create(item.key(), &item)?,
        person::is_here(&user.id),
    ];
    if let Some(creation) = &creation {
        writes.push(creation.remember(&item.id)?);
    }
    let refused = match table(&app)?.transact(writes).await? {
        Committed::Done => return Ok((StatusCode::CREATED, axum::Json(item.view(false)))),
        Committed::Refused(refused) => refused,
    };
    let mut parts: [Option<Option<Item>>; 4] = [const { None }; 4];
    for refusal in refused {
        if let Some(part) = parts.get_mut(refusal.part) {
            *part = Some(refusal.item);
        }
    }
    let [gate, existing, gone, remembered] = parts;
    if gone.is_some() {
        return Err(Error::token_invalid());
    }
    let mut status = StatusCode::OK;
    if let (Some(creation), Some(Some(remembered))) = (&creation, remembered)
        && creation.recall(&app, remembered)?.is_some()
    {
        status = StatusCode::CREATED;
    }
    if let Some(Some(existing)) = existing {
        let existing: EnrolmentItem = decode(existing)?;
        let drawn = gate.is_some() && crate::enrolment::is_drawn(&app, &slot.id()).await?;
        return Ok((status, axum::Json(existing.view(drawn))));
    }
    if gate.is_none() || status == StatusCode::CREATED {
        // The key was used for an enrolment that has been withdrawn since.
        return Err(Error::conflict("this Idempotency-Key was used before"));
    }
    walk_in(&app, &slot, item, creation.as_ref()).await
}

/// Seats somebody after the draw. The only thing that those who walk in share is a count: which
/// room the i-th of them gets follows from the draw (see [`Draw::walk_in_room`]).
async fn walk_in(
    app: &App,
    slot: &Slot,
    mut item: EnrolmentItem,
    creation: Option<&Creation>,
) -> Result<(StatusCode, axum::Json<Enrolment>)> {
    let member = Member {
        user_id: item.user_id.clone(),
        username: Some(item.username.clone()),
    };
    let mut draw = assign::read(app, &slot.id()).await?;
    for _ in 0..ATTEMPTS {
        let Some(drawn) = draw.filter(Draw::is_drawn) else {
            // The gates are closed, the rooms not yet known: the draw is running.
            return Err(Error::unavailable(2));
        };
        let room = RoomId::new(slot, drawn.walk_in_room());
        item.room_id = Some(room.to_string());
        let mut writes = vec![
            Write::Update(
                draw_key(&slot.id()),
                Expression::update("SET walk_ins = :next")
                    .and_when("walk_ins = :walk_ins")
                    .value(":next", n(drawn.walk_ins + 1))
                    .value(":walk_ins", n(drawn.walk_ins)),
            ),
            Write::create(enrolment_key(&slot.id(), &item.user_id), &item)?,
            seating::seat_walk_in(room, slot, &member),
            person::is_here(&item.user_id),
        ];
        if let Some(creation) = creation {
            writes.push(creation.remember(&item.id)?);
        }
        let Committed::Refused(refused) = table(app)?.transact(writes).await? else {
            return Ok((StatusCode::CREATED, axum::Json(item.view(true))));
        };
        draw = None;
        let mut present: Option<EnrolmentItem> = None;
        let mut remembered = None;
        for refusal in refused {
            match (refusal.part, refusal.item) {
                (0, Some(newer)) => draw = Some(decode(newer)?),
                (1, Some(existing)) => present = Some(decode(existing)?),
                (3, _) => return Err(Error::token_invalid()),
                (4, record) => remembered = record,
                _ => {}
            }
        }
        let replayed = match (creation, remembered) {
            (Some(creation), Some(record)) => creation.recall(app, record)?.is_some(),
            _ => false,
        };
        if let Some(existing) = present {
            let status = if replayed {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            return Ok((status, axum::Json(existing.view(true))));
        }
    }
    Err(Error::unavailable(1))
}
