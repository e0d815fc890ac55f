//! Every week: a schedule, and the ordinary enrollments that are written from it for the next days.
//!
//! One step ([`align`]) does all of it, for one person: in the transaction that changes their schedule it
//! writes the enrollments that are missing, and takes away those that it wrote and that the schedule does
//! not name any more. `PUT /me/schedule` takes it at once, and each night the sweep takes it for
//! everybody whose next day has come in sight. An enrollment is written once: the schedule says up to
//! which day that was done, and a withdrawal leaves a mark that nothing is written over
//! ([`withdrawn_key`]).
//!
//! Schedules lie in eight shards. The sweep goes through each a hundred at a time and notes after each
//! hundred how far it came, so that it may be cut anywhere, and the next minute goes on from there; two
//! runs at once find each other's work done. A run reads 2,500 of a shard, a minute later the next, so
//! it ends long before its time however many there are.

use std::collections::{BTreeSet, HashMap};

use enishi_shared::{
    App, Error, Result, UserId,
    civil::parse_date,
    store::{Item, Key, Outcome, Race, Table, Transaction, Written, decode, s, when},
};
use futures_util::{StreamExt as _, stream};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::{
    enrollment::EnrollmentItem,
    person::check_here,
    seating::{PARTITIONS, enrollment_key, gate_key, person_partition, table, withdrawn_key},
    slot::{Slot, SlotId, Slots},
};

/// How many days ahead enrollments are written.
const DAYS_AHEAD: i64 = 7;
/// Schedules read at once.
const PAGE: i32 = 100;
/// How often a run reads so many of a shard.
const PAGES: usize = 25;
/// People of a shard at once.
const AT_ONCE: usize = 4;
/// How long a schedule is kept after its last day, in seconds.
const KEPT_SECONDS: i64 = 7 * 24 * 60 * 60;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are called what they are")]
#[schema(as = SlotDay)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// Of a date.
    fn of(date: Date) -> Self {
        const WEEK: [Day; 7] = [
            Day::Mon,
            Day::Tue,
            Day::Wed,
            Day::Thu,
            Day::Fri,
            Day::Sat,
            Day::Sun,
        ];
        let offset = date.weekday().to_monday_zero_offset();
        let day = usize::try_from(offset).ok().and_then(|day| WEEK.get(day));
        day.copied().unwrap_or(Day::Mon)
    }
}

/// When somebody comes every week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// On which days, Monday first; none: there is no schedule.
    #[schema(value_type = Vec<Day>, example = json!(["mon", "thu"]), max_items = 7)]
    pub days: BTreeSet<Day>,
    /// The slot's time; left out without a schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$",
        example = "09:00",
        nullable = false
    )]
    pub time: Option<String>,
    /// The last day; left out where it goes on.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "date"
    )]
    #[schema(value_type = Option<String>, format = Date, example = "2027-03-31", nullable = false)]
    pub until: Option<Date>,
    /// The day from which on one comes again; left out where there is no pause.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "date"
    )]
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-07", nullable = false)]
    pub paused_until: Option<Date>,
}

/// A date that may be left out or null.
///
/// # Errors
/// What is no date.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let date = |text: String| {
        parse_date(&text).ok_or_else(|| D::Error::custom("not a date like 2026-11-21"))
    };
    text.map(date).transpose()
}

impl Schedule {
    fn has(&self, date: Date) -> bool {
        self.days.contains(&Day::of(date))
            && self.until.is_none_or(|until| date <= until)
            && self.paused_until.is_none_or(|paused| paused <= date)
    }

    /// The slots that it names from `first` to `last` and that are still to be drawn.
    fn slots(&self, slots: &Slots, now: Timestamp, first: Date, last: Date) -> Vec<Slot> {
        let days = first.series(1.day()).take_while(|date| *date <= last);
        days.filter(|date| self.has(*date))
            .filter_map(|date| {
                // A day that has no slots (any more) is none of them.
                let slot = slots.requested(now, &date.to_string(), self.time.as_deref());
                slot.ok().filter(|slot| now < slot.drawn_at())
            })
            .collect()
    }
}

/// The stored schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Weekly {
    /// Whose it is.
    user_id: UserId,
    /// The name others will see.
    username: String,
    /// When they come.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// Up to which day its enrollments were written.
    written: Date,
    /// How often it was written.
    revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

/// Where somebody's schedule lies.
pub fn weekly_key(user_id: UserId) -> Key {
    Key::new(shard(person_partition(user_id)), format!("U#{user_id}"))
}

fn shard(number: u32) -> String {
    format!("WEEKLY#{number}")
}

fn night_key(number: u32) -> Key {
    Key::new(shard(number), "NIGHT")
}

/// Reads somebody's schedule; none that is over. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn read(app: &App, user_id: UserId) -> Result<Option<Weekly>> {
    let today = app.config::<Slots>()?.today(app.now());
    let stored: Option<Weekly> = table(app)?.get(&weekly_key(user_id)).await?;
    Ok(stored.filter(|weekly| weekly.schedule.until.is_none_or(|until| today <= until)))
}

/// Puts somebody's schedule in the place of what was there, with the enrollments of the next days; one
/// without days takes it away. Three requests, more only while somebody else writes the same.
///
/// # Errors
/// `access_token_invalid` when they have closed their account; `service_unavailable` when DynamoDB does
/// not answer.
pub async fn put(app: &App, user_id: UserId, username: &str, schedule: &Schedule) -> Result<()> {
    let table = table(app)?;
    let mut race = Race::new(app);
    loop {
        let stored: Option<Weekly> = table.get(&weekly_key(user_id)).await?;
        let wanted = Weekly {
            user_id,
            username: username.to_owned(),
            schedule: schedule.clone(),
            written: Date::MIN,
            revision: 0,
            ttl: None,
        };
        match align(app, &table, stored.as_ref(), wanted).await? {
            Aligned::Done(_) => return Ok(()),
            Aligned::Gone => return Err(Error::token_invalid()),
            Aligned::Changed => race.lost().await?,
        }
    }
}

/// What became of one person's step.
enum Aligned {
    /// It was taken; so many enrollments were written.
    Done(usize),
    /// They have closed their account.
    Gone,
    /// The schedule was changed in between.
    Changed,
}

/// Writes `wanted` in the place of `stored`, with what follows from it: the enrollments after its
/// `written` that are not there and were not withdrawn, and the end of those that `stored` wrote and
/// that it does not name. Two requests, more only while enrollments change.
async fn align(
    app: &App,
    table: &Table,
    stored: Option<&Weekly>,
    mut wanted: Weekly,
) -> Result<Aligned> {
    let slots = app.config::<Slots>()?;
    let (now, user_id) = (app.now(), wanted.user_id);
    let today = slots.today(now);
    let last = today.saturating_add(DAYS_AHEAD.days());
    let named = wanted.schedule.slots(&slots, now, today, last);
    let first = today.max(wanted.written.saturating_add(1.day()));
    let missing = wanted.schedule.slots(&slots, now, first, last);
    let mut obsolete = stored.map_or(Vec::new(), |stored| {
        let before = stored
            .schedule
            .slots(&slots, now, today, stored.written.min(last));
        before
            .into_iter()
            .filter(|slot| !named.contains(slot))
            .collect()
    });
    obsolete.dedup();
    let revision = stored.map(|stored| stored.revision);
    wanted.revision = revision.map_or(0, |revision| revision.wrapping_add(1));
    wanted.written = last;
    wanted.ttl = wanted.schedule.until.map(over);
    if stored.is_none() && wanted.schedule.days.is_empty() {
        return Ok(Aligned::Done(0));
    }

    let mut race = Race::new(app);
    loop {
        let there = There::read(table, user_id, &missing, &obsolete).await?;
        let mut tx = Transaction::new(app);
        let here = check_here(&mut tx, table, user_id);
        let as_known = match revision {
            Some(revision) => when().eq("revision", revision),
            None => when().absent("pk"),
        };
        let row = weekly_key(user_id);
        let row = if wanted.schedule.days.is_empty() {
            tx.delete_when(table, row, as_known)
        } else {
            tx.replace(table, row, &wanted, as_known)?.of()
        };
        let mut written = 0;
        for slot in missing
            .iter()
            .filter(|slot| there.is_free(slot.id(), user_id))
        {
            let item = EnrollmentItem::weekly(app, user_id, &wanted.username, slot);
            tx.check(table, gate_key(slot.id(), user_id), when().absent("pk"));
            tx.check(
                table,
                withdrawn_key(slot.id(), user_id),
                when().absent("pk"),
            );
            tx.create(table, item.key(), &item)?;
            written += 1;
        }
        for slot in &obsolete {
            if let Some(id) = there.is_ours(slot.id(), user_id)? {
                tx.check(table, gate_key(slot.id(), user_id), when().absent("pk"));
                let item = enrollment_key(slot.id(), user_id);
                tx.delete_when(table, item, when().eq("id", id));
            }
        }
        match tx.commit().await? {
            Outcome::Done => return Ok(Aligned::Done(written)),
            Outcome::Refused(refused) if refused.is(here) => return Ok(Aligned::Gone),
            Outcome::Refused(refused) if refused.is(row) => return Ok(Aligned::Changed),
            // Somebody enrolled or withdrew, or a draw began.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// When a schedule may be removed, in seconds since 1970.
fn over(until: Date) -> i64 {
    let midnight = until.to_zoned(TimeZone::UTC);
    midnight.map_or(i64::MAX, |midnight| {
        midnight
            .timestamp()
            .as_second()
            .saturating_add(KEPT_SECONDS)
    })
}

/// What there is of one person in some slots.
struct There(HashMap<Key, Item>);

impl There {
    async fn read(
        table: &Table,
        user_id: UserId,
        missing: &[Slot],
        obsolete: &[Slot],
    ) -> Result<Self> {
        let ids = || missing.iter().chain(obsolete).map(Slot::id);
        let keys: Vec<Key> = ids()
            .flat_map(|id| {
                let places = [enrollment_key, gate_key, withdrawn_key];
                places.map(|place| place(id, user_id))
            })
            .collect();
        if keys.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        Ok(Self(table.batch_get(&keys).await?))
    }

    /// Whether they may be enrolled: they are not, did not withdraw, and nobody draws.
    fn is_free(&self, id: SlotId, user_id: UserId) -> bool {
        let places = [enrollment_key, gate_key, withdrawn_key];
        !(places.iter()).any(|place| self.0.contains_key(&place(id, user_id)))
    }

    /// The id of the enrollment that a schedule wrote and that can still be taken away.
    fn is_ours(&self, id: SlotId, user_id: UserId) -> Result<Option<String>> {
        let item = self.0.get(&enrollment_key(id, user_id)).cloned();
        let item: Option<EnrollmentItem> = item.map(decode).transpose()?;
        let drawn = self.0.contains_key(&gate_key(id, user_id));
        Ok(item
            .filter(|item| item.weekly && !drawn)
            .map(|item| item.id))
    }
}

/// How far the sweep of a shard came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Night {
    /// Whose night, where the slots are.
    night: Date,
    /// The sort key of the last one that was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Whether all of it was.
    done: bool,
}

/// Writes the enrollments of the days that have come in sight, once a night; goes on where an earlier run
/// was cut. One request where the night's work is done.
///
/// # Errors
/// The last of the shards'; the next minute tries again what failed.
pub async fn sweep(app: &App, now: Timestamp) -> Result<usize> {
    let tonight = app.config::<Slots>()?.today(now);
    let table = &table(app)?;
    let keys: Vec<Key> = (0..PARTITIONS).map(night_key).collect();
    let nights = table.batch_get(&keys).await?;
    let mut due = Vec::new();
    for number in 0..PARTITIONS {
        let night = nights.get(&night_key(number)).cloned();
        let night: Option<Night> = night.map(decode).transpose()?;
        let is_done =
            |night: &Night| tonight < night.night || (night.night == tonight && night.done);
        if !night.as_ref().is_some_and(is_done) {
            due.push((number, night));
        }
    }
    let outcomes: Vec<Result<usize>> = stream::iter(due)
        .map(|(number, night)| sweep_shard(app, table, number, tonight, night))
        .buffer_unordered(PARTITIONS as usize)
        .collect()
        .await;
    outcomes
        .into_iter()
        .try_fold(0, |sum, written| Ok(sum + written?))
}

/// Goes on with a shard; how many enrollments were written. Where somebody's fail, the others are tried
/// all the same, but the next run begins there again.
async fn sweep_shard(
    app: &App,
    table: &Table,
    number: u32,
    tonight: Date,
    mut before: Option<Night>,
) -> Result<usize> {
    let begun = before.clone().filter(|night| night.night == tonight);
    let mut after = begun.and_then(|night| night.after);
    let mut written = 0;
    let mut failure = None;
    for _ in 0..PAGES {
        let page = table
            .query("pk = :shard AND sk BETWEEN :from AND :to")
            .value(":shard", s(shard(number)))
            .value(":from", s("U#"))
            .value(":to", s("U$"))
            .limit(PAGE)
            .after(after.map(|sk| Key::new(shard(number), sk).attributes()))
            .page::<Weekly>()
            .await?;
        let outcomes: Vec<Result<usize>> = stream::iter(page.items)
            .map(|weekly| renew(app, table, weekly))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for outcome in outcomes {
            match outcome {
                Ok(more) => written += more,
                Err(error) => failure = Some(error),
            }
        }
        let next = page.next.as_ref().and_then(Key::of).map(|key| key.sk);
        after = next.clone();
        let done = next.is_none();
        if failure.is_none() {
            let night = Night {
                night: tonight,
                after: next,
                done,
            };
            let as_known = match &before {
                Some(known) => when()
                    .eq("night", known.night)
                    .same("after", known.after.as_ref())
                    .eq("done", known.done),
                None => when().absent("pk"),
            };
            let noted = table.replace(night_key(number), &night, as_known).await?;
            if !matches!(noted, Written::Done) {
                // Another run is at it, and ahead.
                break;
            }
            before = Some(night);
        }
        if done {
            break;
        }
    }
    failure.map_or(Ok(written), Err)
}

/// Writes the enrollments of the days of one person that have come in sight.
async fn renew(app: &App, table: &Table, weekly: Weekly) -> Result<usize> {
    let slots = app.config::<Slots>()?;
    let now = app.now();
    let last = slots.today(now).saturating_add(DAYS_AHEAD.days());
    let next = weekly.written.saturating_add(1.day()).max(slots.today(now));
    if weekly.schedule.slots(&slots, now, next, last).is_empty() {
        return Ok(0);
    }
    let wanted = weekly.clone();
    match align(app, table, Some(&weekly), wanted).await? {
        Aligned::Done(written) => Ok(written),
        // What is erased, or was written a moment ago.
        Aligned::Gone | Aligned::Changed => Ok(0),
    }
}
