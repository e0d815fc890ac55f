//! Opening the meetings of a drawn slot, shortly before it starts: at the rate that Chime allows,
//! up to the quota. Whoever joins a room that is not open yet opens it (see `join`).
//!
//! Budget: 1 DynamoDB request a slot that is due, 9 more to open it, and for each room 2 and one to
//! Chime.

use std::time::Duration;

use enishi_shared::{
    App, Function, Result,
    app::{ConfigError, Configure, Env},
    chime::{ChimeError, Place},
    function::on,
    metric,
    store::{Expression, Write},
};
use serde::Serialize;

use crate::{
    assign::{self, Draw, Tick},
    seating::{self, draw_key, meeting_key, table},
    slot::{Slot, Slots},
};

/// `rooms-open`
pub const FUNCTION: Function = Function::event("rooms-open", |app, event| on(app, event, open_due));

/// Attempts at a room while Chime throttles.
const ATTEMPTS: u32 = 5;

/// `CHIME_REQUESTS_PER_SECOND`: what the Region allows of each operation; 10 unless raised.
/// `CHIME_MEETING_QUOTA`: how many meetings it allows at once; 250 unless raised.
pub struct ChimeQuota {
    requests_per_second: u32,
    meetings: usize,
}

impl Configure for ChimeQuota {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let requests_per_second = env.parsed("CHIME_REQUESTS_PER_SECOND", 10)?;
        if requests_per_second == 0 {
            return Err(ConfigError::Invalid("CHIME_REQUESTS_PER_SECOND"));
        }
        Ok(Self {
            requests_per_second,
            meetings: env.parsed("CHIME_MEETING_QUOTA", 250)?,
        })
    }
}

/// Keeps to the rate that Chime allows: a second's worth at once, then one after the other.
pub struct Pace {
    per_second: u32,
    done: u32,
    second: tokio::time::Instant,
}

impl Pace {
    /// The pace that the configuration allows.
    pub fn new(quota: &ChimeQuota) -> Self {
        Self {
            per_second: quota.requests_per_second,
            done: 0,
            second: tokio::time::Instant::now(),
        }
    }

    /// Waits until one more request is due.
    pub async fn next(&mut self) {
        if self.done == self.per_second {
            let next = self.second + Duration::from_secs(1);
            tokio::time::sleep_until(next).await;
            self.second = tokio::time::Instant::now();
            self.done = 0;
        }
        self.done += 1;
    }
}

/// What became of one slot's meetings.
#[derive(Debug, Serialize)]
pub struct Opened {
    slot: String,
    /// Open now.
    open: usize,
    /// Beyond the quota; their first joiner tries again.
    beyond_quota: usize,
}

async fn open_due(app: App, tick: Tick) -> Result<Vec<Opened>> {
    let slots = app.config::<Slots>()?;
    let mut opened = Vec::new();
    let mut failure = None;
    for slot in slots.to_open(tick.scheduled_time) {
        let draw = assign::read(&app, &slot.id()).await?;
        let Some(draw) = draw.filter(|draw| draw.is_drawn() && !draw.opened && !draw.closed) else {
            continue;
        };
        match open(&app, &slot, &draw).await {
            Ok(outcome) => opened.push(outcome),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(opened), Err)
}

async fn open(app: &App, slot: &Slot, draw: &Draw) -> Result<Opened> {
    let quota = app.config::<ChimeQuota>()?;
    let mut pace = Pace::new(&quota);
    let rooms = seating::read_rooms(app, slot, draw.all_rooms()).await?;
    let mut open = 0;
    let mut beyond_quota = 0;
    let mut failed = None;
    for room in rooms {
        let people = room.people();
        if people.is_empty() {
            continue;
        }
        let name = room.id.to_string();
        let place = Place::new(app, table(app)?, meeting_key(room.id), &name).await?;
        if open >= quota.meetings {
            beyond_quota += 1;
            continue;
        }
        if room.meeting.is_none() {
            pace.next().await;
        }
        match patiently(&mut pace, || place.open(room.meeting.clone(), &people)).await {
            Ok(_) => open += 1,
            Err(ChimeError::QuotaExceeded) => beyond_quota += 1,
            // The other rooms go on; the next run tries this one again.
            Err(error) => failed = Some(error),
        }
    }
    metric::count(
        "MeetingsBeyondQuota",
        u32::try_from(beyond_quota).unwrap_or(u32::MAX),
    );
    if let Some(error) = failed {
        return Err(error.into());
    }
    table(app)?.write(mark(slot, "opened")).await?;
    Ok(Opened {
        slot: slot.id(),
        open,
        beyond_quota,
    })
}

/// Calls Chime again while it throttles, a bounded number of times at the pace.
pub async fn patiently<T, F: Future<Output = Result<T, ChimeError>>>(
    pace: &mut Pace,
    call: impl Fn() -> F,
) -> Result<T, ChimeError> {
    let mut attempt = 1;
    loop {
        match call().await {
            Err(ChimeError::Throttled) if attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
        pace.next().await;
    }
}

/// Marks a step of a drawn slot as done. Marking twice is marking once.
pub fn mark(slot: &Slot, step: &str) -> Write {
    Write::Update(
        draw_key(&slot.id()),
        Expression::update("SET #step = :true")
            .and_when("attribute_exists(pk)")
            .name("#step", step)
            .value(":true", enishi_shared::store::AttributeValue::Bool(true)),
    )
}
