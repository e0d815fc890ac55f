//! `POST /api/matching`: a student asks an employee for a meeting.
//!
//! The request, the message that begins their chat, and the word to the employee are one transaction,
//! whose conditions are that both are verified, that neither minds the other, and that the student has
//! few other requests waiting.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    app::{ConfigError, Configure, Env},
    auth::User,
    conversation::NewMessage,
    error::ErrorBody,
    http::Json,
    idempotency::IdempotencyKey,
    store::{Change, Outcome, Refused, Table, Transaction, decode, when},
    throttle::{self, Limit},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    advance::{IDLE, may_meet, refusal, tell_of_request},
    block::block_key,
    chat, contact,
    matching::{
        Card, MatchingId, Mine, Record, StoredMatching, matching_key, mine_key, open_key, step_key,
    },
    message,
    profile::{Profile, Visitor, VisitorId, VisitorType, profile_key, profile_missing, table},
    shown_matching::ShownMatching,
    state::{self, Actor, Matching, Party},
};

/// `visits-request-matching`
///
/// Budget: one's profile and whose the id is, the employee's profile and whether one minds the other,
/// the throttle, the request; a replay reads what it made.
pub const FUNCTION: Function = Function::http("visits-request-matching", || {
    OpenApiRouter::new().routes(routes!(request_matching))
})
.budget(5);

/// How often one student may ask.
const BY_ONE_STUDENT: Limit = Limit::new("VISIT_REQUEST_RATE", 10, 24 * 60 * 60);

/// `OPEN_REQUESTS`: how many requests of one student may wait at once, 5 unless told.
pub struct OpenRequests(u32);

impl Configure for OpenRequests {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.parsed("OPEN_REQUESTS", 5)?))
    }
}

/// Whom a student would like to meet.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "speaker_id": "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e",
    "message": "配属についてお聞きしたいです。", "meeting_length": 60,
}))]
pub struct MatchingRequest {
    /// The employee, as the search has them.
    #[garde(skip)]
    pub speaker_id: VisitorId,
    /// What to begin with: 1–2,000 characters, no e-mail address, URL or phone number. It is the first
    /// message of the chat.
    #[garde(custom(message::text), custom(contact::none))]
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = r"\S",
        example = "配属についてお聞きしたいです。"
    )]
    pub message: String,
    /// The length of the meeting in minutes.
    #[garde(custom(state::length))]
    #[schema(minimum = 15, maximum = 120, multiple_of = 15, example = 60)]
    pub meeting_length: u16,
    /// When it is to begin: 3 hours to 60 days ahead, on a quarter of an hour. Left out, the employee
    /// proposes a date.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-25T10:00:00Z")]
    pub date: Option<Timestamp>,
}

/// Ask an employee for a meeting
///
/// For verified students. Without an answer a request is cancelled after 14 days.
#[utoipa::path(
    post, path = "/api/matching", tag = "visits",
    operation_id = "requestMatching",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = MatchingRequest,
    responses(
        (status = 201, body = ShownMatching, description = "Asked"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a verified student, or no profile here yet"),
        (status = 404, body = ErrorBody, description = "Nobody to be asked"),
        (status = 409, body = ErrorBody, description = "As many requests wait as may, or the `Idempotency-Key` was used for something else"),
        (status = 429, body = ErrorBody, description = "Too many requests; `Retry-After` says when"),
    )
)]
pub async fn request_matching(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<MatchingRequest>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let now = app.now();
    let creation = key.creation(&app, &format!("visits-request-matching\n{me}"), &body)?;
    let matching = Matching::request(body.date, body.meeting_length, now).map_err(refusal)?;
    let table = table(&app)?;
    let (listener, speaker) = parties(&table, me, body.speaker_id).await?;
    let subject = me.to_string();
    throttle::count(&app, &table, "visit-request", &subject, &BY_ONE_STUDENT).await?;

    let id = MatchingId::new(&app);
    let stored = StoredMatching {
        matching_id: id,
        speaker: speaker.user_id,
        listener: me,
        speaker_card: Card::of(&speaker),
        listener_card: Card {
            job: None,
            position: None,
            ..Card::of(&listener)
        },
        asked_date: body.date,
        asked_minutes: body.meeting_length,
        message: Some(body.message),
        matching,
        payments: Vec::new(),
        version: 1,
        created_at: now,
    };
    let most = app.config::<OpenRequests>()?.0;
    let mut tx = Transaction::new(&app);
    store(&mut tx, &table, &stored)?;
    let waiting = Change::new()
        .add("open_requests", 1)
        .when(may_meet().lt("open_requests", most));
    let mine = tx.update(&table, profile_key(me), waiting).of::<Profile>();
    let told = Change::new()
        .add("notifications", 1)
        .when(may_meet().eq("listed", true));
    let theirs = tx.update(&table, profile_key(stored.speaker), told);
    let unblocked = tx.check(&table, block_key(me, stored.speaker), when().absent("pk"));
    tell_of_request(&mut tx, &table, &stored)?;

    let is_full = |refused: &Refused| -> Result<bool> {
        let profile = refused.item(mine)?;
        Ok(profile.is_some_and(|profile| may_ask(&profile) && profile.open_requests >= most))
    };
    let stored = match tx.commit_once(&table, creation.as_ref(), &id).await? {
        Outcome::Done => stored,
        Outcome::Replayed { id, .. } => {
            let before = table.get(&matching_key(id)).await?;
            before.ok_or_else(|| {
                Error::conflict("this Idempotency-Key was used for a request that is gone")
            })?
        }
        Outcome::Refused(refused) if is_full(&refused)? => {
            return Err(Error::conflict(format!(
                "{most} of your requests wait for an answer"
            )));
        }
        Outcome::Refused(refused) if refused.is(mine) => return Err(Error::forbidden()),
        Outcome::Refused(refused) if refused.is(theirs) || refused.is(unblocked) => {
            return Err(Error::not_found("speaker"));
        }
        Outcome::Refused(_) => return Err(Error::internal("a new matching is there already")),
    };
    let shown = stored.show(&app, &table, Party::Listener).await?;
    Ok((StatusCode::CREATED, axum::Json(shown)))
}

/// The two, where the one may ask the other. Two requests.
async fn parties(table: &Table, me: UserId, speaker: VisitorId) -> Result<(Profile, Profile)> {
    let nobody = || Error::not_found("speaker");
    let [mine, theirs] = [profile_key(me), speaker.key()];
    let mut items = table.batch_get(&[mine.clone(), theirs.clone()]).await?;
    let mine: Profile = decode(items.remove(&mine).ok_or_else(profile_missing)?)?;
    if !may_ask(&mine) {
        return Err(Error::forbidden());
    }
    let speaker = items.remove(&theirs).ok_or_else(nobody)?;
    let speaker = decode::<Visitor>(speaker)?.user_id;
    let [theirs, block] = [profile_key(speaker), block_key(me, speaker)];
    let mut items = table.batch_get(&[theirs.clone(), block.clone()]).await?;
    let theirs: Profile = decode(items.remove(&theirs).ok_or_else(nobody)?)?;
    match may_be_asked(&theirs) && !items.contains_key(&block) {
        true => Ok((mine, theirs)),
        false => Err(nobody()),
    }
}

fn may_ask(profile: &Profile) -> bool {
    profile.visitor_type == VisitorType::Student
        && profile.is_authenticated
        && !profile.is_suspended
}

fn may_be_asked(profile: &Profile) -> bool {
    profile.visitor_type == VisitorType::Company
        && profile.is_authenticated
        && !profile.is_suspended
        && profile.listed
}

/// The matching, its first record, its places in the lists of both, and its chat.
fn store(tx: &mut Transaction, table: &Table, stored: &StoredMatching) -> Result<()> {
    let id = stored.matching_id;
    tx.create(table, matching_key(id), &stored.row())?;
    let record = Record {
        state: stored.matching.state,
        at: stored.created_at,
        actor: Actor::Party(Party::Listener),
        action: None,
        refund: 0,
    };
    tx.create(table, step_key(id, stored.version), &record)?;
    let mine = Mine { matching_id: id };
    for party in Party::ALL {
        let user_id = stored.user(party);
        tx.create(table, mine_key(user_id, id), &mine)?;
        tx.create(table, open_key(user_id, id), &mine)?;
    }
    let chats = chat::chats(tx.app())?;
    let client_msg_id = tx.app().new_id().to_string();
    let first = NewMessage {
        conversation_id: id,
        sender_id: stored.listener,
        text: stored.message.as_deref().unwrap_or_default(),
        client_msg_id: &client_msg_id,
    };
    chats.begin_with(tx, &[stored.speaker, stored.listener], IDLE, first)
}
