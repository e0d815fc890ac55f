//! `GET /me/rooms`: the rooms I was in, who was there, and my `rate`.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::s,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    enrollment::{BY_USER, EnrollmentItem, by_user, room_of},
    person::{self, person_key},
    seating::{room_keys, table, take_room},
    slot::{RoomId, Slots},
};

/// `rooms-history`
///
/// Budget: 2, and 1 for each room of a page, at most 30.
pub const FUNCTION: Function = Function::http("rooms-history", || {
    OpenApiRouter::new().routes(routes!(history))
})
.budget(32);

/// One's rooms.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// Of the last 20 mornings one was assigned to, how many in a hundred one took part in.
    #[schema(example = 95, minimum = 0, maximum = 100)]
    pub rate: u8,
    /// The rooms, newest first.
    pub rooms: Vec<PastRoom>,
}

/// A room one was in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PastRoom {
    /// The room.
    #[schema(value_type = RoomId)]
    pub room_id: String,
    /// The slot's date, where the slots are.
    #[schema(format = Date, example = "2026-11-21")]
    pub date: String,
    /// The slot's time, where the slots are.
    #[schema(pattern = "^([01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: String,
    /// Whether one took part.
    pub participate: bool,
    /// One has withdrawn after the draw; else it is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false, example = true)]
    pub withdrawn: bool,
    /// Everybody in the room, you included.
    pub members: Vec<PastMember>,
}

/// Somebody in a room one was in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PastMember {
    /// The name others see; null when they have closed their account.
    #[schema(required, example = "hanako")]
    pub username: Option<String>,
    /// Whether they took part.
    pub participate: bool,
    /// They have withdrawn after the draw; else it is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false, example = true)]
    pub withdrawn: bool,
}

/// My rooms and my rate, newest first
#[utoipa::path(
    get,
    path = "/me/rooms",
    operation_id = "listMyRooms",
    tag = "rooms",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "The rooms; `Link` leads to the next page", body = History),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
    )
)]
pub async fn history(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    let slots = app.config::<Slots>()?;
    // Three items a room and the caller's own: 30 rooms fit into one batch of 100.
    let limit = query.limit().min(30);
    // Before the cursor; without one, before tomorrow.
    let tomorrow = slots
        .today(app.now())
        .tomorrow()
        .map_or_else(|_| "9999-12-31".to_owned(), |tomorrow| tomorrow.to_string());
    let page = table(&app)?
        .query("gsi_pk = :user AND gsi_sk < :before")
        .index(BY_USER)
        .value(":user", s(by_user(user.id)))
        .value(":before", s(query.after()?.unwrap_or(tomorrow)))
        .descending()
        .limit(limit)
        .page::<EnrollmentItem>()
        .await?;
    let last = page
        .next
        .and(page.items.last())
        .map(|item| item.slot_id().to_string());
    let app = &app;
    // A draw that did not come about in time may have left a seat.
    let assigned = page.items.into_iter().filter(|item| !item.missed);
    let rooms: Vec<Option<(EnrollmentItem, RoomId)>> = stream::iter(assigned)
        .map(|enrollment| async move {
            let id = room_of(app, &enrollment).await?;
            Ok::<_, Error>(id.map(|id| (enrollment, id)))
        })
        .buffered(10)
        .try_collect()
        .await?;
    let rooms: Vec<_> = rooms.into_iter().flatten().collect();
    let mut keys: Vec<_> = rooms.iter().flat_map(|(_, id)| room_keys(*id)).collect();
    // Two slots of one day may share nothing, but two pages of one roster do.
    keys.sort_by(|a, b| (&a.pk, &a.sk).cmp(&(&b.pk, &b.sk)));
    keys.dedup();
    keys.push(person_key(user.id));
    let mut items = table(app)?.batch_get(&keys).await?;
    let rate = person::take_caller(&items, user.id)?.rate();
    let mut list = Vec::new();
    for (enrollment, id) in rooms {
        let Some(room) = take_room(id, &mut items)? else {
            continue;
        };
        list.push(PastRoom {
            room_id: id.to_string(),
            date: enrollment.date,
            time: enrollment.time,
            participate: room.took_part(user.id),
            withdrawn: room.withdrawn.contains(&user.id),
            members: room
                .members
                .iter()
                .map(|member| PastMember {
                    participate: room.took_part(member.user_id),
                    withdrawn: room.withdrawn.contains(&member.user_id),
                    username: member.username.clone(),
                })
                .collect(),
        });
    }
    let body = axum::Json(History { rate, rooms: list });
    Ok((next_link(&uri, limit, last.as_deref()), body))
}
