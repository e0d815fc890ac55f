//! Telling people in time: the evening before that they are enrolled, and after the draw where they meet and
//! whom. `rooms-open` does it, each minute as far as the time goes, and the next minute's run goes on from there.
//!
//! A letter is announced under a name that follows from slot and reader, so whatever is done again announces
//! nothing new. They are announced at the rate at which SES sends them. The live connection is told as well as
//! may be: whoever misses that finds it at `/meeting_url`.

use enishi_shared::{
    App, Result, UserId,
    app::{ConfigError, Configure, Env},
    chime::Pace,
    events::OutboxRow,
    frontend::FrontendUrl,
    live,
    store::{Change, Key, s, when},
};
use serde::{Deserialize, Serialize};

use crate::{
    assign::Draw,
    enrollment::EnrollmentItem,
    letters::{self, Place, RoomReady},
    seating::{self, PARTITIONS, Room, draw_key, partition, table, ttl},
    slot::{Slot, Slots},
};

/// For how many seconds a run announces letters: the next minute's goes on.
const SECONDS_A_RUN: u32 = 45;
/// Announcements written at once.
const A_WRITE: usize = 25;

/// `MAILS_PER_SECOND`: how many letters SES takes; 10 unless told.
struct MailRate(u32);

impl Configure for MailRate {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        match env.parsed("MAILS_PER_SECOND", 10)? {
            0 => Err(ConfigError::Invalid("MAILS_PER_SECOND")),
            rate => Ok(Self(rate)),
        }
    }
}

/// The letters of one run.
struct Letters<'a> {
    app: &'a App,
    pace: Pace,
    left: u32,
    rows: Vec<(Key, OutboxRow)>,
}

impl<'a> Letters<'a> {
    fn new(app: &'a App) -> Result<Self> {
        let rate = app.config::<MailRate>()?.0;
        Ok(Self {
            app,
            pace: Pace::per_second(rate),
            left: rate.saturating_mul(SECONDS_A_RUN),
            rows: Vec::new(),
        })
    }

    /// Announces a letter, when it is its turn.
    async fn announce(&mut self, row: (Key, OutboxRow)) -> Result<()> {
        self.pace.next().await;
        self.left = self.left.saturating_sub(1);
        self.rows.push(row);
        if self.rows.len() >= A_WRITE {
            self.write().await?;
        }
        Ok(())
    }

    /// Writes those that are not written yet.
    async fn write(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        table(self.app)?.put_all(rows).await
    }
}

/// Tells everybody who was drawn for a slot where their room is. Answers how many were told.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; the next run goes on from there.
pub async fn ready(app: &App, slot: &Slot, draw: &Draw) -> Result<usize> {
    if draw.told >= draw.rooms {
        return Ok(0);
    }
    let slots = app.config::<Slots>()?;
    let mut letters = Letters::new(app)?;
    let rooms = seating::read_people(app, slot, draw.rooms).await?;
    let (mut told, mut people) = (draw.rooms, 0);
    for room in rooms.iter().filter(|room| room.id.number >= draw.told) {
        if letters.left == 0 {
            told = room.id.number;
            break;
        }
        let place = Place::of(app, slot, room)?;
        let mut readers = Vec::new();
        for member in room.drawn() {
            let name = member.username.as_deref().unwrap_or_default();
            let letter = letters::ready(name, &place, slots.time_zone());
            let row = letters::announcement(app, "ready", slot, member.user_id, letter)?;
            letters.announce(row).await?;
            readers.push(member.user_id);
        }
        people += readers.len();
        let frame = RoomReady {
            r#type: "roomReady",
            place,
        };
        push(app, room, &readers, &frame).await;
    }
    letters.write().await?;
    let further = when().lt("told", told);
    let further = further.or(when().exists("pk").absent("told"));
    let done = Change::new().set("told", told).when(further);
    table(app)?.update(draw_key(slot.id()), done).await?;
    Ok(people)
}

/// Pushes a frame about a room to its people, as far as they are reached.
pub async fn push(app: &App, room: &Room, people: &[UserId], frame: &impl Serialize) {
    if let Err(error) = live::push(app, people, frame).await {
        let (room, code) = (room.id.to_string(), error.code());
        tracing::warn!(room, ?code, "a room's people were not all reached");
    }
}

/// How far a slot's people were reminded.
#[derive(Clone, Serialize, Deserialize)]
struct Reminded {
    /// Of the slot's partitions, the one to go on in.
    partition: u32,
    /// The last one there who was reminded.
    after: Option<UserId>,
    ttl: i64,
}

fn reminded_key(slot: &Slot) -> Key {
    Key::new(partition(slot.id(), 0), "TOLD")
}

/// Reminds everybody who is enrolled for a slot. Answers how many were.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; the next run goes on from there.
pub async fn remind(app: &App, slot: &Slot) -> Result<usize> {
    let table = table(app)?;
    let stored: Option<Reminded> = table.get(&reminded_key(slot)).await?;
    let mut reminded = stored.unwrap_or(Reminded {
        partition: 0,
        after: None,
        ttl: ttl(slot),
    });
    if reminded.partition >= PARTITIONS {
        return Ok(0);
    }
    let (slots, frontend) = (app.config::<Slots>()?, app.config::<FrontendUrl>()?);
    let mut letters = Letters::new(app)?;
    let mut people = 0;
    while reminded.partition < PARTITIONS && letters.left > 0 {
        // `E$` sorts right behind whatever starts with `E#`, and `~` behind what continues an id.
        let after = reminded.after.map(|last| format!("E#{last}~"));
        let page = table
            .query("pk = :pk AND sk BETWEEN :from AND :to")
            .value(":pk", s(partition(slot.id(), reminded.partition)))
            .value(":from", s(after.unwrap_or_else(|| "E#".to_owned())))
            .value(":to", s("E$"))
            .limit(i32::try_from(letters.left).unwrap_or(i32::MAX))
            .page::<EnrollmentItem>()
            .await?;
        for enrollment in &page.items {
            let (user_id, name) = (enrollment.user_id, &enrollment.username);
            let letter = letters::reminder(name, slot, slots.time_zone(), &frontend.0);
            let row = letters::announcement(app, "reminder", slot, user_id, letter)?;
            letters.announce(row).await?;
        }
        people += page.items.len();
        match (page.next, page.items.last()) {
            (Some(_), Some(last)) => reminded.after = Some(last.user_id),
            _ => {
                reminded.partition += 1;
                reminded.after = None;
            }
        }
    }
    letters.write().await?;
    table.put(reminded_key(slot), &reminded).await?;
    Ok(people)
}
