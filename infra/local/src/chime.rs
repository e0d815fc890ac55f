//! Chime SDK Meetings and Media Pipelines on this machine: the operations that Enishi calls, in the wire
//! format and within the limits of the real service, for the unmodified SDKs.
//!
//! Media is left out: [`Chime::join`] and [`Chime::leave`] stand for a browser's audio connection,
//! and every media URL ends in `.invalid`, so that no browser tries a real one. IAM is checked by
//! the front, with [`Chime::actions`]; events go to the channel given at construction.
//! What a client token gives once its meeting ended is undocumented; here it gives the ended
//! meeting, so that a caller who forgets the generation fails in tests and not in production.

mod pipelines;
mod tone;
mod wire;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::{clock::Now, journal};
use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use pipelines::Pipelines;
pub use pipelines::Store;
use wire::{Call, Failure, bad, not_found, text};

/// How long a meeting lives without an audio connection, and how long in any case.
const QUIET: SignedDuration = SignedDuration::from_mins(5);
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Attendees of a meeting, of a BatchCreateAttendee, and of a CreateMeetingWithAttendees (the
/// model says 20; the service refuses more than 10).
const ATTENDEES: usize = 250;
const BATCH: usize = 100;
const WITH_MEETING: usize = 10;

/// The account's quotas in its Region; by default those of a new account.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Requests a second of each operation, in real time whatever the stack's clock says.
    pub requests_per_second: Option<f64>,
    /// Requests of one operation that may come at once.
    pub burst: u32,
    /// Meetings that may live at once.
    pub concurrent_meetings: Option<usize>,
    /// Media pipelines that may run at once, captures and concatenations together.
    pub media_pipelines: Option<usize>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            requests_per_second: Some(10.0),
            burst: 10,
            concurrent_meetings: Some(250),
            media_pipelines: Some(10),
        }
    }
}

/// What may befall the next request of an operation, see [`Chime::inject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Carried out but answered 409, as when a parallel request with the same token was first.
    Conflict,
    /// Carried out but answered 500: the acknowledgement is lost.
    Lost,
    /// Not carried out: 429.
    Throttled,
    /// Not carried out: 503 with `Retry-After: 1`.
    Unavailable,
}

/// Why a browser could not join or leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// No such meeting, or it has ended.
    NoMeeting,
    /// No such attendee in this meeting.
    NoAttendee,
    /// Not this attendee's join token.
    WrongToken,
}

/// A living meeting; attendees by their `ExternalUserId`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeetingSummary {
    /// The service's id.
    pub meeting_id: String,
    /// The caller's id.
    pub external_meeting_id: String,
    /// Everybody who may join.
    pub attendees: Vec<String>,
    /// Those who are connected.
    pub present: Vec<String>,
}

/// The stand-in; clones share their meetings.
#[derive(Clone)]
pub struct Chime {
    now: Now,
    events: UnboundedSender<Value>,
    /// Where recordings are put.
    store: Option<Store>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    quotas: Quotas,
    buckets: BTreeMap<&'static str, (f64, Instant)>,
    requests: BTreeMap<String, u64>,
    faults: BTreeMap<String, VecDeque<Fault>>,
    state: State,
}

/// What outlives a restart. Ended meetings stay, for the tokens that lead to them.
#[derive(Default, Serialize, Deserialize)]
struct State {
    meetings: BTreeMap<String, Meeting>,
    tokens: BTreeMap<String, String>,
    #[serde(default)]
    pipelines: Pipelines,
}

#[derive(Clone, Serialize, Deserialize)]
struct Meeting {
    /// The meeting as the API shows it, and its attendees so, by id.
    shown: Value,
    attendees: BTreeMap<String, Value>,
    present: BTreeSet<String>,
    created: Timestamp,
    /// When the last audio connection went.
    quiet_since: Timestamp,
    ended: bool,
    #[serde(default)]
    ended_at: Option<Timestamp>,
}

impl Chime {
    /// A service without meetings; its events go to `events` as EventBridge envelopes.
    pub fn new(now: Now, quotas: Quotas, events: UnboundedSender<Value>) -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            quotas,
            ..Inner::default()
        }));
        Self {
            now,
            events,
            store: None,
            inner,
        }
    }

    /// Puts its recordings there.
    #[must_use]
    pub fn recording_to(self, store: Store) -> Self {
        Self {
            store: Some(store),
            ..self
        }
    }

    /// The operation of a request, and the IAM actions with their resources; `None` for an operation that
    /// is not offered. A resource names the Region, as the service's own denials do; what is to be made is
    /// none yet. Whoever makes a pipeline shows the service its bucket's policy.
    pub fn actions(
        &self,
        request: &Request<Bytes>,
    ) -> Option<(&'static str, Vec<(String, String)>)> {
        let call = wire::route(request)?;
        let resource = match (call.meeting, call.pipeline) {
            ("", "") => "*".to_owned(),
            ("", id) => wire::pipeline_arn(id),
            (id, _) => wire::meeting_arn(id),
        };
        let mut actions = vec![(format!("chime:{}", call.name), resource)];
        if let Ok(body) = serde_json::from_slice(request.body())
            && let Some(bucket) = pipelines::bucket_arn(&body)
        {
            actions.push(("s3:GetBucketPolicy".to_owned(), bucket));
        }
        Some((call.name, actions))
    }

    /// Answers a request as the service does (REST JSON).
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        wire::respond(match wire::route(&request) {
            Some(call) => self.answer(&call, request.body()),
            None => Err(("UnknownOperationException", "not offered here".into())),
        })
    }

    /// Ends the meetings that are due. Every other call does so first, too.
    pub fn tick(&self) {
        drop(self.lock());
    }

    /// A browser connects its audio; who is connected already hands over to the new device.
    pub fn join(&self, meeting: &str, attendee: &str, join_token: &str) -> Result<(), JoinError> {
        let mut inner = self.lock();
        let (meeting, shown) = inner.state.attendee(meeting, attendee)?;
        if shown["JoinToken"] != join_token {
            return Err(JoinError::WrongToken);
        }
        let first = meeting.present.insert(attendee.to_owned());
        let kind = ["AttendeeAuthorized", "AttendeeJoined"][usize::from(first)];
        self.announce(meeting, kind, Some(&shown), (self.now)());
        Ok(())
    }

    /// Who is connected, by their `ExternalUserId`; what a browser learns of its signalling connection.
    pub fn present(
        &self,
        meeting: &str,
        attendee: &str,
        join_token: &str,
    ) -> Result<Vec<String>, JoinError> {
        let mut inner = self.lock();
        let (meeting, shown) = inner.state.attendee(meeting, attendee)?;
        match shown["JoinToken"] == join_token {
            true => Ok(meeting.connected().collect()),
            false => Err(JoinError::WrongToken),
        }
    }

    /// A browser leaves; leaving twice says nothing more.
    pub fn leave(&self, meeting: &str, attendee: &str) -> Result<(), JoinError> {
        self.depart(meeting, attendee, "AttendeeLeft")
    }

    /// A browser's connection is lost.
    pub fn disconnect(&self, meeting: &str, attendee: &str) -> Result<(), JoinError> {
        self.depart(meeting, attendee, "AttendeeDropped")
    }

    /// A recorder joins that is no pipeline's here: an `aws:` attendee, who keeps no meeting alive.
    /// Gives its attendee id, for [`Chime::leave`].
    pub fn join_recorder(&self, meeting: &str) -> Result<String, JoinError> {
        let mut inner = self.lock();
        let living = inner.state.living(meeting);
        let meeting = living.map_err(|_| JoinError::NoMeeting)?;
        let user = format!("aws:MediaPipeline-{}", Uuid::now_v7());
        let shown = self.add_attendee(meeting, &user, wire::send_receive());
        let id = text(&shown, "AttendeeId");
        meeting.present.insert(id.clone());
        self.announce(meeting, "AttendeeJoined", Some(&shown), (self.now)());
        Ok(id)
    }

    /// The meetings that live now.
    pub fn live_meetings(&self) -> Vec<MeetingSummary> {
        let inner = self.lock();
        let living = inner.state.meetings.iter().filter(|(_, it)| !it.ended);
        let summary = |(id, it): (&String, &Meeting)| MeetingSummary {
            meeting_id: id.clone(),
            external_meeting_id: text(&it.shown, "ExternalMeetingId"),
            attendees: it.attendees.values().map(user_of).collect(),
            present: it.connected().collect(),
        };
        living.map(summary).collect()
    }

    /// Requests that came so far, refused ones included, by operation.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        self.lock().requests.clone()
    }

    /// Lets the next request of `operation` (`"CreateMeeting"`) meet `fault`; faults queue up.
    pub fn inject(&self, operation: &str, fault: Fault) {
        let mut inner = self.lock();
        let queue = inner.faults.entry(operation.to_owned()).or_default();
        queue.push_back(fault);
    }

    /// All meetings and tokens, join tokens included, for [`Chime::restore`].
    pub fn snapshot(&self) -> Value {
        serde_json::to_value(&self.lock().state).unwrap_or_default()
    }

    /// Replaces all meetings and tokens by those of a snapshot.
    pub fn restore(&self, snapshot: Value) -> Result<(), serde_json::Error> {
        self.lock().state = serde_json::from_value(snapshot)?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.now)();
        for meeting in inner.state.meetings.values_mut() {
            let due = meeting.due();
            if !meeting.ended && due <= now {
                self.end(meeting, due);
            }
        }
        self.write(&mut inner.state, now);
        inner
    }

    /// Those still connected are cut off without an event of their own.
    fn end(&self, meeting: &mut Meeting, at: Timestamp) {
        meeting.ended = true;
        meeting.ended_at = Some(at);
        meeting.present.clear();
        self.announce(meeting, "MeetingEnded", None, at);
    }

    fn depart(&self, meeting: &str, attendee: &str, kind: &str) -> Result<(), JoinError> {
        let mut inner = self.lock();
        let (meeting, shown) = inner.state.attendee(meeting, attendee)?;
        let now = (self.now)();
        if meeting.part(attendee, now) {
            self.announce(meeting, kind, Some(&shown), now);
        }
        Ok(())
    }

    /// Best effort, as in the cloud: nobody listening is no error.
    fn announce(&self, meeting: &Meeting, kind: &str, attendee: Option<&Value>, at: Timestamp) {
        let event = wire::event(&meeting.shown, kind, attendee, at);
        let _ = self.events.send(journal::marked(event));
    }

    fn answer(&self, call: &Call, body: &[u8]) -> Result<Value, Failure> {
        let mut inner = self.lock();
        *inner.requests.entry(call.name.to_owned()).or_default() += 1;
        let queue = inner.faults.get_mut(call.name);
        let fault = queue.and_then(VecDeque::pop_front);
        match fault {
            Some(Fault::Throttled) => return Err(wire::throttled()),
            Some(Fault::Unavailable) => {
                return Err(("ServiceUnavailableException", "Later".into()));
            }
            _ => inner.take_token(call.name)?,
        }
        let body = match body {
            [] => Value::Null,
            some => serde_json::from_slice(some).map_err(|error| bad(&error.to_string()))?,
        };
        let answer = self.carry_out(&mut inner, call, &body)?;
        match fault {
            Some(Fault::Conflict) => Err(("ConflictException", "In progress elsewhere".into())),
            Some(Fault::Lost) => Err(("ServiceFailureException", "Internal failure".into())),
            _ => Ok(answer),
        }
    }

    fn carry_out(&self, inner: &mut Inner, call: &Call, body: &Value) -> Result<Value, Failure> {
        if call.name == "CreateMeeting" {
            let meeting = self.create_meeting(inner, body)?;
            return Ok(json!({"Meeting": meeting.shown}));
        }
        if call.name == "CreateMeetingWithAttendees" {
            let asked = wire::attendees_asked(body, WITH_MEETING)?;
            let meeting = self.create_meeting(inner, body)?;
            let mut answer = self.create_attendees(meeting, asked);
            answer["Meeting"] = meeting.shown.clone();
            return Ok(answer);
        }
        if call.name.contains("Pipeline") {
            return self.of_pipelines(inner, call, body);
        }
        let meeting = inner.state.living(call.meeting)?;
        let now = (self.now)();
        match call.name {
            "GetMeeting" => return Ok(json!({"Meeting": meeting.shown})),
            "DeleteMeeting" => {
                self.end(meeting, now);
                return Ok(Value::Null);
            }
            "CreateAttendee" => {
                let attendee = self.create_attendee(meeting, body)?;
                return Ok(json!({"Attendee": attendee}));
            }
            "ListAttendees" => return wire::page(&meeting.attendees, call.query),
            "BatchCreateAttendee" => {
                return Ok(self.create_attendees(meeting, wire::attendees_asked(body, BATCH)?));
            }
            _ => {}
        }
        let found = meeting.attendees.get(call.attendee).cloned();
        let attendee = found.ok_or_else(|| not_found("Attendee", call.attendee))?;
        if call.name == "GetAttendee" {
            return Ok(json!({"Attendee": attendee}));
        }
        meeting.part(call.attendee, now);
        meeting.attendees.remove(call.attendee);
        self.announce(meeting, "AttendeeDeleted", Some(&attendee), now);
        Ok(Value::Null)
    }

    /// Finds the token's meeting, living or ended, or makes one.
    fn create_meeting<'a>(
        &self,
        inner: &'a mut Inner,
        body: &Value,
    ) -> Result<&'a mut Meeting, Failure> {
        let asked = wire::MeetingAsked::of(body)?;
        let known = inner.state.tokens.get(&asked.token).cloned();
        let id = known.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
        if known.is_none() {
            let living = inner.state.meetings.values().filter(|it| !it.ended).count();
            if inner
                .quotas
                .concurrent_meetings
                .is_some_and(|most| living >= most)
            {
                return Err(("LimitExceededException", "Too many active meetings".into()));
            }
            inner.state.tokens.insert(asked.token.clone(), id.clone());
        }
        let now = (self.now)();
        Ok(inner.state.meetings.entry(id.clone()).or_insert_with(|| {
            let meeting = Meeting {
                shown: wire::meeting(&id, &asked, body),
                attendees: BTreeMap::new(),
                present: BTreeSet::new(),
                created: now,
                quiet_since: now,
                ended: false,
                ended_at: None,
            };
            self.announce(&meeting, "MeetingStarted", None, now);
            meeting
        }))
    }

    /// One of several: what cannot be made is told beside the others.
    fn create_attendees(&self, meeting: &mut Meeting, asked: &[Value]) -> Value {
        let (mut made, mut errors) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for item in asked {
            let outcome = match seen.insert(user_of(item)) {
                true => self.create_attendee(meeting, item),
                false => Err(("ConflictException", "Twice in one request".into())),
            };
            match outcome {
                Ok(attendee) => made.push(attendee),
                Err((kind, message)) => errors.push(json!({
                    "ExternalUserId": item["ExternalUserId"],
                    "ErrorCode": wire::code(kind),
                    "ErrorMessage": message,
                })),
            }
        }
        json!({"Attendees": made, "Errors": errors})
    }

    /// The same `ExternalUserId` is the same attendee.
    fn create_attendee(&self, meeting: &mut Meeting, asked: &Value) -> Result<Value, Failure> {
        let user = wire::external(asked, "ExternalUserId")?;
        let capabilities = wire::capabilities(&meeting.shown, &asked["Capabilities"])?;
        let known = meeting.attendees.values().find(|it| user_of(it) == user);
        if let Some(known) = known {
            return Ok(known.clone());
        }
        if meeting.ended {
            return Err(not_found("Meeting", &text(&meeting.shown, "MeetingId")));
        }
        if meeting.attendees.len() >= meeting.most_attendees() {
            return Err(("LimitExceededException", "Too many attendees".into()));
        }
        Ok(self.add_attendee(meeting, &user, capabilities))
    }

    fn add_attendee(&self, meeting: &mut Meeting, user: &str, capabilities: Value) -> Value {
        let shown = wire::attendee(user, capabilities);
        let id = text(&shown, "AttendeeId");
        meeting.attendees.insert(id, shown.clone());
        self.announce(meeting, "AttendeeAdded", Some(&shown), (self.now)());
        shown
    }
}

impl Inner {
    /// A bucket of tokens an operation, refilled in real time; what is refused costs nothing.
    fn take_token(&mut self, operation: &'static str) -> Result<(), Failure> {
        let Some(rate) = self.quotas.requests_per_second else {
            return Ok(());
        };
        let full = f64::from(self.quotas.burst.max(1));
        let now = Instant::now();
        let (level, since) = self.buckets.entry(operation).or_insert((full, now));
        *level = (*level + (now - *since).as_secs_f64() * rate).min(full);
        *since = now;
        if *level < 1.0 {
            return Err(wire::throttled());
        }
        *level -= 1.0;
        Ok(())
    }
}

impl State {
    fn living(&mut self, id: &str) -> Result<&mut Meeting, Failure> {
        if id.len() != 36 || Uuid::try_parse(id).is_err() {
            return Err(bad("MeetingId is no id"));
        }
        let found = self.meetings.get_mut(id).filter(|meeting| !meeting.ended);
        found.ok_or_else(|| not_found("Meeting", id))
    }

    fn attendee(&mut self, meeting: &str, id: &str) -> Result<(&mut Meeting, Value), JoinError> {
        let meeting = self.living(meeting).map_err(|_| JoinError::NoMeeting)?;
        let shown = meeting.attendees.get(id).cloned();
        Ok((meeting, shown.ok_or(JoinError::NoAttendee)?))
    }
}

impl Meeting {
    /// When it ends if nothing more happens.
    fn due(&self) -> Timestamp {
        let after = |start: Timestamp, long| start.checked_add(long).unwrap_or(Timestamp::MAX);
        let longest = after(self.created, LONGEST);
        match self.connected().any(|user| !user.starts_with("aws:")) {
            true => longest,
            false => longest.min(after(self.quiet_since, QUIET)),
        }
    }

    fn ended_at(&self) -> Option<Timestamp> {
        self.ended_at.filter(|_| self.ended)
    }

    /// `ExternalUserId` of those who are connected.
    fn connected(&self) -> impl Iterator<Item = String> {
        let present = self.present.iter();
        present.filter_map(|id| self.attendees.get(id)).map(user_of)
    }

    /// Takes a connection away; false if there was none.
    fn part(&mut self, attendee: &str, now: Timestamp) -> bool {
        let user = self.attendees.get(attendee).map(user_of);
        let parted = self.present.remove(attendee);
        if parted && user.is_some_and(|user| !user.starts_with("aws:")) {
            self.quiet_since = now;
        }
        parted
    }

    fn most_attendees(&self) -> usize {
        let most = self.shown["MeetingFeatures"]["Attendee"]["MaxCount"].as_u64();
        most.and_then(|most| most.try_into().ok())
            .unwrap_or(ATTENDEES)
    }
}

fn user_of(attendee: &Value) -> String {
    text(attendee, "ExternalUserId")
}

#[cfg(test)]
mod tests;
