//! Meetings through the Chime SDK: one record a venue (a room, an appointment),
//! found or created once.
//!
//! A Chime meeting that nobody joins ends after five minutes, and none lasts beyond a day, so a
//! stored meeting is never taken as permanent: each is a *generation* of its venue. Its
//! `ClientRequestToken` is `<stack>_<venue>-<generation>`, so whoever opens the venue, however often
//! and however interrupted, opens the same meeting; retiring a generation moves on to the next token.
//!
//! `CHIME_MEDIA_REGION`: where media flows. `JOIN_TOKEN_SECRET`: ARN of the key that seals
//! attendees' join tokens at rest. `STACK_NAME`: of the stack. The record lives for a day.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_chimesdkmeetings::types::{self, CreateAttendeeRequestItem};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
    seal::SealingKey,
    store::{
        Change, Condition, Item, Key, Outcome, Path, Table, Transaction, Written, decode, gone,
        when,
    },
    user_id::UserId,
};

mod error;
mod event;
mod name;
mod pace;
mod shapes;

use error::chime_error;
use name::{Prefix, venue};
use shapes::{attendee, meeting};

pub use error::ChimeError;
pub use event::{Happening, StateChange, What};
pub use pace::{ChimeQuota, Pace};
pub use shapes::{Attendee, JoinResponse, MediaPlacement, Meeting, external_user_id};

/// A meeting without an audio connection ends after this long.
pub const EMPTY_MEETING_ENDS: SignedDuration = SignedDuration::from_mins(5);
/// No meeting lasts longer.
const LONGEST_MEETING: SignedDuration = SignedDuration::from_hours(24);
/// `CreateMeetingWithAttendees` takes ten in practice, whatever its model says.
const WITH_MEETING: usize = 10;
/// `BatchCreateAttendee` takes a hundred.
const A_BATCH: usize = 100;
/// A margin for clocks that differ and answers that travel.
const MARGIN: SignedDuration = SignedDuration::from_secs(20);

struct MeetingConfig {
    media_region: String,
    join_token_secret: String,
}

impl Configure for MeetingConfig {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            media_region: env.required("CHIME_MEDIA_REGION")?.to_owned(),
            join_token_secret: env.required("JOIN_TOKEN_SECRET")?.to_owned(),
        })
    }
}

/// Sealed bytes, stored as DynamoDB's binary.
#[derive(Clone, Deserialize, Serialize)]
struct Sealed(#[serde(with = "crate::store::bytes")] Vec<u8>);

/// The stored record of a venue's meeting.
#[derive(Clone, Default, Deserialize)]
struct Record {
    #[serde(default)]
    generation: u32,
    meeting: Option<Meeting>,
    #[serde(default)]
    attendees: BTreeMap<UserId, Sealed>,
    alive_until: Option<Timestamp>,
    /// When somebody first set about to make this generation's meeting.
    opening_since: Option<Timestamp>,
    #[serde(default)]
    ttl: i64,
}

/// Where people meet.
pub struct Venue {
    app: App,
    config: Arc<MeetingConfig>,
    prefix: Arc<Prefix>,
    key: SealingKey,
    table: Table,
    record: Key,
    name: String,
}

/// A meeting that is open as far as can be known.
pub struct Open {
    /// The meeting.
    pub meeting: Meeting,
    generation: u32,
    attendees: BTreeMap<UserId, Sealed>,
}

impl Venue {
    /// The venue called `name` (2–36 of `[-_a-zA-Z0-9]`, unique in the stack), its record kept
    /// at `record`. One request to Secrets Manager while the key is not cached.
    pub async fn new(app: &App, table: Table, record: Key, name: &str) -> Result<Self, Error> {
        let config = app.config::<MeetingConfig>()?;
        let key = SealingKey::from_secret(app, &config.join_token_secret).await?;
        Ok(Self {
            app: app.clone(),
            prefix: app.config()?,
            config,
            key,
            table,
            record,
            name: name.to_owned(),
        })
    }

    /// Finds the venue's meeting or creates it, with everybody of `people` as
    /// attendees. `stored` is the record as it was read. No request while the meeting is known to
    /// live; one to Chime to look, one to Chime (one more a hundred people beyond ten) and two
    /// writes to create.
    ///
    /// # Errors
    /// Chime's quotas, or its failure. Nothing is left half done: the next call goes on from there.
    pub async fn open(&self, stored: Option<Item>, people: &[UserId]) -> Result<Open, ChimeError> {
        let mut record = present(&self.app, stored.map(decode).transpose()?);
        // Each turn moves the generation on or ends; contenders are few.
        for _ in 0..8 {
            if let Some(meeting) = record.meeting.clone() {
                if self.lives(&record, &meeting).await? {
                    return Ok(Open {
                        meeting,
                        generation: record.generation,
                        attendees: record.attendees,
                    });
                }
                record = self.retired(record, &meeting.meeting_id).await?;
                continue;
            }
            let Some(since) = self.token_is_good(&record) else {
                record = self.intend(record).await?;
                continue;
            };
            let (meeting, attendees) = self.create(record.generation, people).await?;
            record = self.keep(record, since, meeting, attendees).await?;
        }
        Err(ChimeError::Throttled)
    }

    /// The participant's own credentials. No request for those who were there when the meeting
    /// was opened; one to Chime and one write for those who came later.
    ///
    /// # Errors
    /// As [`Self::open`]; `NotFound` when the meeting has ended meanwhile.
    pub async fn attendee(&self, open: &Open, user_id: UserId) -> Result<Attendee, ChimeError> {
        if let Some(sealed) = open.attendees.get(&user_id)
            && let Some(attendee) = self.unseal(open.generation, user_id, &sealed.0)
        {
            return Ok(attendee);
        }
        let output = self
            .app
            .chime()
            .create_attendee()
            .meeting_id(&open.meeting.meeting_id)
            .external_user_id(external_user_id(&self.name, user_id))
            .send()
            .await
            .map_err(chime_error)?;
        let attendee = output
            .attendee
            .and_then(attendee)
            .ok_or_else(|| Error::internal("Chime answered no attendee"))?;
        let sealed = self.seal(open.generation, user_id, &attendee)?;
        let known = Change::new()
            .set(Path::new("attendees").field(user_id), Sealed(sealed))
            .when(when().eq("generation", open.generation).exists("attendees"));
        // Refused: the generation was retired meanwhile; the next join finds the next one.
        self.table.update(self.record.clone(), known).await?;
        Ok(attendee)
    }

    /// Whether the meeting still runs. Known without asking while it cannot have ended by
    /// emptiness; else Chime is asked.
    async fn lives(&self, record: &Record, meeting: &Meeting) -> Result<bool, ChimeError> {
        let now = self.app.now();
        if record.alive_until.is_some_and(|until| now < until) {
            return Ok(true);
        }
        let asked = self
            .app
            .chime()
            .get_meeting()
            .meeting_id(&meeting.meeting_id);
        match asked.send().await.map_err(chime_error) {
            Ok(_) => Ok(true),
            Err(ChimeError::NotFound) => Ok(false),
            // Not knowing, the meeting is the best there is: a client that cannot connect asks again.
            Err(ChimeError::Throttled) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The record after `meeting_id` was retired, by us or by somebody else.
    async fn retired(&self, record: Record, meeting_id: &str) -> Result<Record, Error> {
        match write_retired(&self.app, &self.table, &self.record, meeting_id).await? {
            Written::Done => Ok(Record {
                generation: record.generation + 1,
                ttl: record.ttl,
                ..Record::default()
            }),
            Written::Refused(newer) => Ok(present(&self.app, newer.item()?)),
        }
    }

    /// Since when this generation's meeting is being made, if what its token leads to cannot have
    /// ended yet.
    fn token_is_good(&self, record: &Record) -> Option<Timestamp> {
        record
            .opening_since
            .filter(|since| self.app.now() < plus(*since, EMPTY_MEETING_ENDS - MARGIN))
    }

    /// Notes that the meeting is about to be made. A meeting may be made and then forgotten, its
    /// answer or its record lost; by the next attempt it may have ended, and the same token would
    /// lead to it. So where an earlier attempt is too old, the next generation begins.
    async fn intend(&self, record: Record) -> Result<Record, Error> {
        let now = self.app.now();
        let intended = Record {
            generation: record.generation + u32::from(record.opening_since.is_some()),
            opening_since: Some(now),
            ttl: plus(now, LONGEST_MEETING).as_second(),
            ..Record::default()
        };
        let unchanged = when()
            .eq("generation", record.generation)
            .absent("meeting")
            .same("opening_since", record.opening_since);
        let change = Change::new()
            .set("generation", intended.generation)
            .set("opening_since", now)
            .set("ttl", intended.ttl)
            .remove("meeting")
            .remove("attendees")
            .remove("alive_until")
            .when(gone(now.as_second()).or(unchanged));
        match self.table.update(self.record.clone(), change).await? {
            Written::Done => Ok(intended),
            Written::Refused(newer) => Ok(present(&self.app, newer.item()?)),
        }
    }

    async fn create(
        &self,
        generation: u32,
        people: &[UserId],
    ) -> Result<(Meeting, BTreeMap<UserId, Attendee>), ChimeError> {
        let ids: BTreeMap<String, UserId> = people
            .iter()
            .map(|user_id| (external_user_id(&self.name, *user_id), *user_id))
            .collect();
        let mut attendees = BTreeMap::new();
        let mut take = |created: Vec<types::Attendee>| {
            for created in created.into_iter().filter_map(attendee) {
                if let Some(user_id) = ids.get(&created.external_user_id) {
                    attendees.insert(*user_id, created);
                }
            }
        };
        let items = ids
            .keys()
            .map(|id| {
                CreateAttendeeRequestItem::builder()
                    .external_user_id(id)
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::internal(error))?;
        let name = self.prefix.of(&self.name);
        let request = self.app.chime().create_meeting_with_attendees();
        let output = request
            .client_request_token(format!("{name}-{generation}"))
            .media_region(&self.config.media_region)
            .external_meeting_id(&name)
            .set_attendees(Some(items.iter().take(WITH_MEETING).cloned().collect()))
            .send()
            .await
            .map_err(chime_error)?;
        // Attendees that are missing here, `Errors` inside the success included, are created when
        // they join.
        take(output.attendees.unwrap_or_default());
        let meeting = output
            .meeting
            .and_then(meeting)
            .ok_or_else(|| Error::internal("Chime answered no meeting"))?;
        for batch in items
            .get(WITH_MEETING..)
            .unwrap_or_default()
            .chunks(A_BATCH)
        {
            let request = self.app.chime().batch_create_attendee();
            let request = request
                .meeting_id(&meeting.meeting_id)
                .set_attendees(Some(batch.to_vec()));
            let output = request.send().await.map_err(chime_error)?;
            take(output.attendees.unwrap_or_default());
        }
        Ok((meeting, attendees))
    }

    /// Stores what was created, unless somebody stored theirs first: then that one counts. Both
    /// hold the same meeting, for they used the same token.
    async fn keep(
        &self,
        record: Record,
        since: Timestamp,
        meeting: Meeting,
        attendees: BTreeMap<UserId, Attendee>,
    ) -> Result<Record, Error> {
        let mut sealed = BTreeMap::new();
        for (user_id, attendee) in attendees {
            let bytes = self.seal(record.generation, user_id, &attendee)?;
            sealed.insert(user_id, Sealed(bytes));
        }
        let now = self.app.now();
        // It may have been made by an earlier attempt.
        let alive_until = plus(since, EMPTY_MEETING_ENDS - MARGIN);
        let kept = Record {
            generation: record.generation,
            meeting: Some(meeting),
            attendees: sealed,
            alive_until: Some(alive_until),
            opening_since: Some(since),
            ttl: plus(now, LONGEST_MEETING).as_second(),
        };
        let unchanged = when().eq("generation", kept.generation).absent("meeting");
        let change = Change::new()
            .set("generation", kept.generation)
            .set("meeting", &kept.meeting)
            .set("attendees", &kept.attendees)
            .set("alive_until", alive_until)
            .set("ttl", kept.ttl)
            .when(gone(now.as_second()).or(unchanged));
        match self.table.update(self.record.clone(), change).await? {
            Written::Done => Ok(kept),
            Written::Refused(newer) => Ok(present(&self.app, newer.item()?)),
        }
    }

    fn seal(
        &self,
        generation: u32,
        user_id: UserId,
        attendee: &Attendee,
    ) -> Result<Vec<u8>, Error> {
        let plain = serde_json::to_vec(attendee)
            .map_err(|_| Error::internal("an attendee cannot be sealed"))?;
        self.key
            .seal(&self.app, &self.seal_place(generation, user_id), &plain)
    }

    fn unseal(&self, generation: u32, user_id: UserId, sealed: &[u8]) -> Option<Attendee> {
        let plain = self
            .key
            .open(&self.seal_place(generation, user_id), sealed)?;
        serde_json::from_slice(&plain).ok()
    }

    fn seal_place(&self, generation: u32, user_id: UserId) -> String {
        format!("{}-{generation}/{user_id}", self.name)
    }
}

/// The record as it counts now: what has expired is gone.
fn present(app: &App, stored: Option<Record>) -> Record {
    let now = app.now().as_second();
    let mut record = stored.filter(|record| now < record.ttl).unwrap_or_default();
    record.generation = record.generation.max(1);
    record
}

/// The meeting of a venue that is open as far as is known; `stored` is its record as it was read. No request.
///
/// # Errors
/// `internal_server_error` when it is no record.
pub fn present_meeting(app: &App, stored: Option<Item>) -> Result<Option<Meeting>, Error> {
    let stored = stored.map(decode).transpose()?;
    Ok(present(app, stored).meeting)
}

/// Ends a venue's meeting for everybody, if there is one; `stored` is its record as it was read.
/// Ending it twice is as good. One request to Chime and one write.
///
/// # Errors
/// Chime's throttling or failure.
pub async fn delete(
    app: &App,
    table: &Table,
    key: &Key,
    stored: Option<Item>,
) -> Result<(), ChimeError> {
    let stored = stored.map(decode).transpose()?;
    let Some(meeting) = present(app, stored).meeting else {
        return Ok(());
    };
    let request = app.chime().delete_meeting().meeting_id(&meeting.meeting_id);
    match request.send().await.map_err(chime_error) {
        Ok(_) | Err(ChimeError::NotFound) => {}
        Err(error) => return Err(error),
    }
    retire(app, table, key, &meeting.meeting_id).await?;
    Ok(())
}

/// Moves a venue on to its next generation if `meeting_id` is its present meeting: on Chime's
/// `MeetingEnded`, or when it is found gone. One request; for any other meeting nothing changes.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn retire(app: &App, table: &Table, record: &Key, meeting_id: &str) -> Result<(), Error> {
    write_retired(app, table, record, meeting_id).await?;
    Ok(())
}

/// A transaction of one part: it counts, see [`crate::store::Counting`].
async fn write_retired(
    app: &App,
    table: &Table,
    record: &Key,
    meeting_id: &str,
) -> Result<Written, Error> {
    let next = Change::new()
        .add("generation", 1)
        .remove("meeting")
        .remove("attendees")
        .remove("alive_until")
        .remove("opening_since")
        .when(is(meeting_id));
    let mut tx = Transaction::new(app);
    let retired = tx.update(table, record.clone(), next);
    Ok(match tx.commit().await? {
        Outcome::Done => Written::Done,
        Outcome::Refused(refused) => Written::Refused(refused.found(retired)),
    })
}

/// The condition that a record's present meeting is this one.
fn is(meeting_id: &str) -> Condition {
    when().eq(Path::new("meeting").field("MeetingId"), meeting_id)
}

/// Notes that somebody was connected at `time`, so that the meeting lives on for five minutes at
/// least. One request; late news changes nothing.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn seen(
    table: &Table,
    record: &Key,
    meeting_id: &str,
    time: Timestamp,
) -> Result<(), Error> {
    let until = plus(time, EMPTY_MEETING_ENDS - MARGIN);
    let alive = Change::new()
        .set("alive_until", until)
        .when(is(meeting_id).lt("alive_until", until));
    table.update(record.clone(), alive).await?;
    Ok(())
}

fn plus(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(time)
}
