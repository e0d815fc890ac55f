//! `POST` and `DELETE /me/calendar`, `GET /calendar/{token}`: one's enrollments and rooms in one's own
//! calendar.
//!
//! A calendar program subscribes to an address and can show no access token; so the address itself is
//! the secret. It is made on demand, there is one at a time, and making another or revoking it ends it.
//! What is stored is its digest. The feed names nobody else: it goes wherever the program keeps it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    frontend::FrontendUrl,
    http::{Path, no_content},
    language::{AcceptLanguage, Language},
    seal::sha256,
    store::{Change, Key, Outcome, Transaction, decode, s},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    assign::Draw,
    enrollment::{BY_USER, EnrollmentItem, by_user, room_of},
    person::check_here,
    seating::{draw_key, table},
    slot::Slots,
};

mod feed;

use feed::{Entry, Stage, feed};

/// `rooms-calendar`
///
/// Budget: of a room that is drawn and not over, 3 beside these.
pub const FUNCTION: Function = Function::http("rooms-calendar", || {
    OpenApiRouter::new()
        .routes(routes!(make, revoke))
        .routes(routes!(read))
})
.budget(4);

/// How many days of the past the feed shows; a calendar forgets what its feed leaves out.
const DAYS_BACK: i64 = 30;
/// How many enrollments it shows at the most.
const MOST: i32 = 300;
/// Rooms looked up at once.
const AT_ONCE: usize = 8;

/// Where somebody's feed is.
#[derive(Serialize, ToSchema)]
pub struct CalendarAddress {
    /// The address that a calendar program subscribes to. Whoever has it reads the feed; it is told
    /// once, and good until another one is made or it is revoked.
    #[schema(
        format = "uri",
        example = "https://api.example.com/calendar/AZqitHweffafCgsBLD1OX1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics"
    )]
    pub url: String,
}

/// What is stored of an address.
#[derive(Deserialize)]
struct Calendar {
    digest: String,
    language: Language,
}

/// Whose feed, and the secret that shows it: 48 bytes, in base64url.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
struct Token {
    user_id: UserId,
    secret: [u8; 32],
}

impl Token {
    fn encode(&self) -> String {
        let bytes = [self.user_id.to_bytes().as_slice(), &self.secret].concat();
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (user_id, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            user_id: UserId::from_bytes(*user_id),
            secret: secret.try_into().ok()?,
        })
    }

    fn digest(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(sha256(&self.secret))
    }
}

/// Where somebody's address lies, as a digest.
pub fn calendar_key(user_id: UserId) -> Key {
    Key::new(format!("PERSON#{user_id}"), "CALENDAR")
}

/// Make the private address of one's calendar feed
///
/// Each call makes another address and ends the one before. `Accept-Language` chooses the language of
/// the entries: `ja`, `ko` or `en`.
#[utoipa::path(
    post,
    path = "/me/calendar",
    operation_id = "createCalendarAddress",
    tag = "rooms",
    security(("access_token" = [])),
    params(("Accept-Language" = Option<String>, Header, description = "The language of the feed (`ja`, `ko`, `en`); Japanese where none is named")),
    responses(
        (status = 201, description = "The new address", body = CalendarAddress),
        (status = 401, description = "No valid access token, or its account is closed", body = ErrorBody),
    )
)]
async fn make(
    State(app): State<App>,
    user: User,
    AcceptLanguage(language): AcceptLanguage,
    headers: HeaderMap,
) -> Result<impl IntoResponse> {
    let base = address(&headers)?;
    let token = Token {
        user_id: user.id,
        secret: app.random(),
    };
    let table = table(&app)?;
    let mut tx = Transaction::new(&app);
    let made = Change::new()
        .set("digest", token.digest())
        .set("language", language.unwrap_or_default());
    tx.update(&table, calendar_key(user.id), made);
    check_here(&mut tx, &table, user.id);
    match tx.commit().await? {
        Outcome::Done => {}
        Outcome::Refused(_) => return Err(Error::token_invalid()),
    }
    let url = format!("{base}/calendar/{}.ics", token.encode());
    Ok((StatusCode::CREATED, axum::Json(CalendarAddress { url })))
}

/// What the caller calls the API. API Gateway lets no other host through.
fn address(headers: &HeaderMap) -> Result<String> {
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = of("host").ok_or_else(|| Error::invalid_format("the request names no host"))?;
    let scheme = match of("x-forwarded-proto") {
        Some("http") => "http",
        _ => "https",
    };
    Ok(format!("{scheme}://{host}"))
}

/// Revoke the address of one's calendar feed
///
/// Nothing is found there any more. It is 204, too, where there was none.
#[utoipa::path(
    delete,
    path = "/me/calendar",
    operation_id = "revokeCalendarAddress",
    tag = "rooms",
    security(("access_token" = [])),
    responses(
        (status = 204, description = "Revoked"),
        (status = 401, description = "No valid access token", body = ErrorBody),
    )
)]
async fn revoke(State(app): State<App>, user: User) -> Result<Response> {
    table(&app)?.delete(calendar_key(user.id)).await?;
    Ok(no_content())
}

/// A calendar feed
///
/// iCalendar (RFC 5545): one's enrollments of the last 30 days and of all to come, each with the address
/// of its room once that is drawn. What one has withdrawn from after the draw, and what did not take
/// place, is `CANCELLED`.
#[utoipa::path(
    get,
    path = "/calendar/{token}",
    operation_id = "getCalendar",
    tag = "rooms",
    params(("token" = String, Path, description = "The last part of the address that `POST /me/calendar` made, with its `.ics`", pattern = "^[A-Za-z0-9_-]{64}\\.ics$", example = "AZqitHweffafCgsBLD1OX1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics")),
    responses(
        (status = 200, description = "The feed", body = String, content_type = "text/calendar"),
        (status = 404, description = "No such address, or it is good no longer", body = ErrorBody),
    )
)]
async fn read(State(app): State<App>, Path(token): Path<String>) -> Result<impl IntoResponse> {
    let unknown = || Error::not_found("calendar");
    let token = token.strip_suffix(".ics").and_then(Token::parse);
    let token = token.ok_or_else(unknown)?;
    let table = table(&app)?;
    // As the draws are read, so that the policy needs no other action.
    let key = calendar_key(token.user_id);
    let stored = table
        .batch_get(std::slice::from_ref(&key))
        .await?
        .remove(&key);
    let stored: Calendar = stored.map(decode).transpose()?.ok_or_else(unknown)?;
    if stored.digest != token.digest() {
        return Err(unknown());
    }
    let entries = entries(&app, token.user_id).await?;
    let frontend = &app.config::<FrontendUrl>()?.0;
    Ok((
        [
            (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
            (header::CACHE_CONTROL, "private, no-cache"),
        ],
        feed(&entries, stored.language, frontend),
    ))
}

/// What the feed shows. Two requests, and one for each room that is drawn and not over.
async fn entries(app: &App, user_id: UserId) -> Result<Vec<Entry>> {
    let (slots, now) = (app.config::<Slots>()?, app.now());
    let table = table(app)?;
    let from = slots.today(now).saturating_sub(DAYS_BACK.days());
    let page = table
        .query("gsi_pk = :user AND gsi_sk >= :from")
        .index(BY_USER)
        .value(":user", s(by_user(user_id)))
        .value(":from", s(from.to_string()))
        .limit(MOST)
        .page::<EnrollmentItem>()
        .await?;
    let items = page.items.into_iter();
    let entries = items.map(|enrollment| (slots.by_id(enrollment.slot_id()), enrollment));
    let entries: Vec<_> = entries.collect();
    let to_come = entries.iter().filter(|(slot, _)| slot.end > now);
    let keys: Vec<Key> = to_come.map(|(slot, _)| draw_key(slot.id())).collect();
    let draws = &table.batch_get_all(&keys).await?;
    stream::iter(entries)
        .map(|(slot, enrollment)| async move {
            let draw = draws.get(&draw_key(slot.id())).cloned();
            let draw: Option<Draw> = draw.map(decode).transpose()?;
            let drawn = draw.is_some_and(|draw| draw.is_drawn()) && !enrollment.withdrawn;
            let room = if drawn {
                room_of(app, &enrollment).await?
            } else {
                None
            };
            let stage = match room {
                _ if enrollment.missed => Stage::Missed,
                _ if enrollment.withdrawn => Stage::Withdrawn,
                _ if slot.end <= now => Stage::Over,
                Some(room) => Stage::Drawn(room),
                None => Stage::Enrolled,
            };
            Ok::<_, Error>(Entry {
                slot,
                id: enrollment.id,
                created_at: enrollment.created_at,
                stage,
            })
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_address_is_read_back_and_stored_as_a_digest(
            user_id in any::<[u8; 16]>(), secret in any::<[u8; 32]>(),
        ) {
            let token = Token { user_id: UserId::from_bytes(user_id), secret };
            let text = token.encode();
            prop_assert_eq!(text.len(), 64);
            prop_assert_eq!(Token::parse(&text), Some(token));
            prop_assert!(!text.contains(&token.digest()));
            prop_assert!(Token::parse(&text[1..]).is_none());
        }

        #[test]
        fn anything_else_is_none(text in "\\PC{0,63}|[A-Za-z0-9_-]{65,90}") {
            prop_assert!(Token::parse(&text).is_none());
        }
    }
}
