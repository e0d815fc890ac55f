//! `GET /me/avoid`, `PUT` and `DELETE /me/avoid/{user_id}`: never again with.

use axum::{extract::State, response::Response};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::{Path, no_content},
    store::{Race, decode, s},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    enrollment::{BY_USER, EnrollmentItem, by_user, room_of},
    seating::{enrollment_key, table},
    slot::Slots,
    wishes,
};

/// `rooms-avoid`
///
/// Budget: of each slot for which both were enrolled, until one is found in which they met; 4 beside these.
/// 1 for somebody who is named already and to list them, 2 to take a wish back.
pub const FUNCTION: Function = Function::http("rooms-avoid", || {
    OpenApiRouter::new()
        .routes(routes!(avoided))
        .routes(routes!(avoid, unavoid))
})
.budget(2);

/// Of how many of the caller's latest enrollments the other's are looked for.
const ENROLLMENTS: i32 = 100;
/// In how many slots that both were enrolled for their rooms are compared.
const SLOTS: usize = 30;

/// Somebody whom one does not wish to meet.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Avoided {
    /// The name under which one met them.
    #[schema(example = "hanako")]
    pub username: String,
    /// Their id.
    pub user_id: UserId,
}

/// Whom I do not wish to meet
///
/// At most fifty, in the order of their names. Somebody who has closed their account is no more among
/// them.
#[utoipa::path(
    get,
    path = "/me/avoid",
    operation_id = "listPeopleIAvoid",
    tag = "rooms",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "Those whom one named", body = [Avoided]),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
    )
)]
pub async fn avoided(State(app): State<App>, user: User) -> Result<axum::Json<Vec<Avoided>>> {
    let named = wishes::read(&app, user.id).await?.avoids.into_iter();
    let mut people: Vec<Avoided> = named
        .map(|(user_id, username)| Avoided { username, user_id })
        .collect();
    people.sort();
    Ok(axum::Json(people))
}

/// Never again with
///
/// Keeps the caller and somebody they have met out of one room: in every draw in which everybody can be
/// seated otherwise, and when either walks in while another room has a seat. Nobody else learns of
/// it. Ids of people are in `/me/rooms`. Who met nobody of this id in a hundred enrollments is answered as if there
/// were none. Repeating it changes nothing; fifty people can be named.
#[utoipa::path(
    put,
    path = "/me/avoid/{user_id}",
    operation_id = "avoidPerson",
    tag = "rooms",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "Somebody one has met")),
    responses(
        (status = 204, description = "Named"),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 404, description = "`user_id` is no id, one's own, or of nobody one has met", body = ErrorBody),
        (status = 409, description = "Fifty are named already", body = ErrorBody),
    )
)]
pub async fn avoid(
    State(app): State<App>,
    user: User,
    Path(other): Path<UserId>,
) -> Result<Response> {
    if other == user.id {
        return Err(Error::not_found("user"));
    }
    let mut name = None;
    let mut race = Race::new(&app);
    loop {
        let known = wishes::read(&app, user.id).await?;
        if known.avoids.contains_key(&other) {
            return Ok(no_content());
        }
        if known.avoids.len() >= wishes::MOST {
            return Err(Error::conflict("at most 50 people can be named"));
        }
        let met = match name.take() {
            Some(name) => name,
            None => met(&app, user.id, other).await?,
        };
        if wishes::add(&app, user.id, &known, other, met.clone())
            .await?
            .is_some()
        {
            return Ok(no_content());
        }
        name = Some(met);
        race.lost().await?;
    }
}

/// Meet somebody again
///
/// Of somebody who is not named, nothing happens.
#[utoipa::path(
    delete,
    path = "/me/avoid/{user_id}",
    operation_id = "stopAvoidingPerson",
    tag = "rooms",
    security(("access_token" = [])),
    params(("user_id" = UserId, Path, description = "Who is named")),
    responses(
        (status = 204, description = "Not named any more"),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
        (status = 404, description = "`user_id` is no id", body = ErrorBody),
    )
)]
pub async fn unavoid(
    State(app): State<App>,
    user: User,
    Path(other): Path<UserId>,
) -> Result<Response> {
    wishes::remove(&app, user.id, other).await?;
    Ok(no_content())
}

/// The name of somebody with whom the caller was in a room.
async fn met(app: &App, user_id: UserId, other: UserId) -> Result<String> {
    let table = table(app)?;
    let tomorrow = app.config::<Slots>()?.today(app.now()).tomorrow();
    let tomorrow =
        tomorrow.map_or_else(|_| "9999-12-31".to_owned(), |tomorrow| tomorrow.to_string());
    let mine = table
        .query("gsi_pk = :user AND gsi_sk < :tomorrow")
        .index(BY_USER)
        .value(":user", s(by_user(user_id)))
        .value(":tomorrow", s(tomorrow))
        .descending()
        .limit(ENROLLMENTS)
        .page::<EnrollmentItem>()
        .await?
        .items;
    let places: Vec<_> = (mine.iter())
        .map(|mine| enrollment_key(mine.slot_id(), other))
        .collect();
    if places.is_empty() {
        return Err(Error::not_found("user"));
    }
    let mut theirs = table.batch_get(&places).await?;
    let both = mine.iter().zip(places).filter_map(|(mine, place)| {
        let theirs = decode::<EnrollmentItem>(theirs.remove(&place)?);
        Some(theirs.map(|theirs| (mine.clone(), theirs)))
    });
    let both: Vec<_> = both.take(SLOTS).collect::<Result<_>>()?;
    let mut names = stream::iter(both)
        .map(|(mine, theirs)| async move {
            let (room, other) = tokio::try_join!(room_of(app, &mine), room_of(app, &theirs))?;
            let met = room.is_some() && room == other;
            Ok::<_, Error>(met.then_some(theirs.username))
        })
        .buffered(4)
        .try_filter_map(async |name| Ok(name))
        .boxed();
    names
        .try_next()
        .await?
        .ok_or_else(|| Error::not_found("user"))
}
