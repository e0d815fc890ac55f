//! `GET /meeting_url/{user_id}`: is my room drawn, and where is it?

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::{Code, ErrorBody},
    frontend::FrontendUrl,
    http::{Path, Query},
    store::{decode, s},
};
use garde::Validate;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    enrollment::{BY_USER, EnrollmentItem, by_user, placed},
    person::{self, person_key},
    seating::{MemberName, enrollment_key, find_seat, read_room, table},
    slot::{ClockTime, RoomId, Slot, Slots},
};

/// `rooms-meeting-url`
///
/// Budget: where it is not the slot that runs or comes next; of that one 4 for those who were moved to
/// another room, 3 for those who walked in, 2 for the others.
pub const FUNCTION: Function = Function::http("rooms-meeting-url", || {
    OpenApiRouter::new().routes(routes!(meeting_url))
})
.budget(5);

/// How many of the caller's enrollments are looked through.
const MOST: i32 = 100;

/// Which slot.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SlotQuery {
    /// The slot's day.
    #[garde(skip)]
    #[param(example = "2026-11-21", format = Date)]
    pub date: Option<String>,
    /// The slot's time.
    #[garde(skip)]
    #[param(pattern = "^([0-9]|[01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: Option<String>,
}

/// Which of the caller's slots are asked for.
#[derive(Clone, Copy)]
struct Wanted {
    date: Option<Date>,
    time: Option<ClockTime>,
}

impl Wanted {
    fn has(self, slot: &Slot) -> bool {
        self.date.is_none_or(|date| slot.id().date() == date)
            && self.time.is_none_or(|time| slot.is_at(time))
    }
}

/// Where my room is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum MeetingUrl {
    /// The rooms are not drawn yet: ask again.
    #[schema(title = "PendingRoom")]
    Pending {},
    /// The slot was over before its rooms were drawn, by our fault.
    #[schema(title = "MissedRoom")]
    Missed {},
    /// The room is drawn.
    #[schema(title = "DrawnRoom")]
    Ready {
        /// The page of the room.
        #[schema(
            format = "uri",
            example = "https://app.example.com/rooms/20261121T0900-0"
        )]
        url: String,
        /// The room.
        #[schema(value_type = RoomId)]
        room_id: String,
        /// The slot's date, where the slots are.
        #[schema(format = Date, example = "2026-11-21")]
        date: String,
        /// The slot's time, where the slots are.
        #[schema(pattern = "^([01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
        time: String,
        /// Everybody in the room, you included.
        members: Vec<MemberName>,
        /// Whether one has taken part.
        participate: bool,
    },
}

/// Ask whether the rooms are drawn, and for one's own
///
/// Of the slots that one is enrolled for: the one that runs or comes next, of those of `date`, of
/// those at `time`, or of all. Where all that is asked for is over, the last one of today.
#[utoipa::path(
    get,
    path = "/meeting_url/{user_id}",
    operation_id = "getMeetingUrl",
    tag = "rooms",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "One's own id"), SlotQuery),
    responses(
        (status = 200, description = "Pending, ready or missed", body = MeetingUrl),
        (status = 400, description = "Unknown slot, past, or more than 30 days ahead", body = ErrorBody),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 404, description = "Not enrolled, or not one's own id", body = ErrorBody),
    )
)]
pub async fn meeting_url(
    State(app): State<App>,
    user: User,
    Path(user_id): Path<String>,
    Query(query): Query<SlotQuery>,
) -> Result<axum::Json<MeetingUrl>> {
    if user_id != user.id.to_string() {
        return Err(Error::not_found("user"));
    }
    let (slots, now) = (app.config::<Slots>()?, app.now());
    let date = query.date.as_deref();
    let time = query.time.as_deref();
    if let (Some(date), Some(time)) = (date, time) {
        let slot = slots.requested(now, date, Some(time))?;
        return Ok(axum::Json(of_slot(&app, &user, &slot, None).await?));
    }
    let wanted = Wanted {
        date: date
            .map(|date| slots.requested_day(now, date))
            .transpose()?,
        time: time.map(|time| slots.requested_time(time)).transpose()?,
    };
    // Mostly it is the slot that runs or comes next, and what was enrolled for at this moment is found.
    let next = slots.coming(now).find(|slot| wanted.has(slot));
    if let Some(slot) = &next {
        match of_slot(&app, &user, slot, None).await {
            Err(error) if error.code() == Code::NotFound => {}
            found => return Ok(axum::Json(found?)),
        }
    }
    let enrollment = enrolled(&app, &slots, &user, wanted).await?;
    let slot = slots.by_id(enrollment.slot_id());
    let found = of_slot(&app, &user, &slot, Some(enrollment)).await?;
    Ok(axum::Json(found))
}

/// The caller's enrollment, of those that are wanted: the first whose slot is not over, or the last one.
/// One request.
async fn enrolled(app: &App, slots: &Slots, user: &User, wanted: Wanted) -> Result<EnrollmentItem> {
    let now = app.now();
    let page = table(app)?
        .query("gsi_pk = :user AND gsi_sk >= :from")
        .index(BY_USER)
        .value(":user", s(by_user(user.id)))
        .value(":from", s(slots.shown_from(now)))
        .limit(MOST)
        .page::<EnrollmentItem>()
        .await?;
    // Without a day or a time what is over is not asked for.
    let any = wanted.date.is_none() && wanted.time.is_none();
    let (mut first, mut over) = (None, None);
    for enrollment in page.items {
        let slot = slots.by_id(enrollment.slot_id());
        if enrollment.withdrawn || !wanted.has(&slot) {
            continue;
        }
        if slot.end > now {
            first.get_or_insert(enrollment);
        } else if !any {
            over = Some(enrollment);
        }
    }
    first.or(over).ok_or_else(not_enrolled)
}

fn not_enrolled() -> Error {
    Error::not_found("enrollment")
}

/// Where the caller's room of a slot is; their enrollment is `known` where it was read. At most three
/// requests.
async fn of_slot(
    app: &App,
    user: &User,
    slot: &Slot,
    known: Option<EnrollmentItem>,
) -> Result<MeetingUrl> {
    let room_id = match find_seat(app, slot.id(), user.id).await? {
        Some(room_id) if slot.end > app.now() => room_id,
        seat => {
            let enrollment = match known {
                Some(enrollment) => enrollment,
                None => enrollment(app, user, slot).await?,
            };
            if enrollment.missed {
                return Ok(MeetingUrl::Missed {});
            }
            // Whoever is not where they were drawn walked in or was moved.
            match (enrollment.room_id, seat) {
                (Some(room_id), _) => room_id
                    .parse()
                    .map_err(|()| Error::internal("an enrollment names no room"))?,
                (None, Some(seat)) => seat,
                (None, None) => return Ok(MeetingUrl::Pending {}),
            }
        }
    };
    let mut room = read_room(app, room_id, user.id).await?;
    if room.withdrawn.contains(&user.id) {
        return Err(not_enrolled());
    }
    if room.has_moved(user.id) {
        let moved = placed(app, slot.id(), user.id).await?;
        // Moved once more at this moment.
        let moved = moved.ok_or_else(|| Error::unavailable(1))?;
        room = read_room(app, moved, user.id).await?;
    }
    Ok(MeetingUrl::Ready {
        url: format!("{}/rooms/{}", app.config::<FrontendUrl>()?.0, room.id),
        room_id: room.id.to_string(),
        date: slot.date(),
        time: slot.time(),
        members: room.names(),
        participate: room.participants.contains(&user.id),
    })
}

/// The caller's enrollment for a slot. One request.
async fn enrollment(app: &App, user: &User, slot: &Slot) -> Result<EnrollmentItem> {
    let key = enrollment_key(slot.id(), user.id);
    let keys = [key.clone(), person_key(user.id)];
    let mut items = table(app)?.batch_get(&keys).await?;
    person::take_caller(&items, user.id)?;
    let found = items.remove(&key).map(decode).transpose()?;
    found.ok_or_else(not_enrolled)
}
