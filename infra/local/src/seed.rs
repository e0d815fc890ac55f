//! `cargo run -- seed`: fills the running stack with people, mornings, chats, shops and organisations, so that every
//! page has something to show. It speaks HTTP alone: the API as a front end does, and the developer's endpoints
//! ([`crate::admin`]) for the clock and what follows from it.
//!
//! What people did lies in the past, as it would: the clock is set back to an evening before all mornings that there is
//! a record of, goes from morning to morning, and is in the end as it was found. Meanwhile nothing of what was there
//! falls due, for all of that has a later time.
//!
//! The people follow from a number, and it stands in their addresses: the same number again finds them there.
#![allow(clippy::print_stdout)]

use futures_util::future::try_join5;
use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde_json::Value;

use crate::{
    client::text,
    stack::{OPERATOR_EMAIL, OPERATOR_PASSWORD},
};

mod market;
mod orgs;
mod people;
mod rooms;
mod running;
mod saju;
mod visits;

use market::Market;
use orgs::Orgs;
pub use people::PASSWORD;
use rooms::Rooms;
use running::Running;
use saju::Saju;
use visits::Visits;

/// How many mornings lie behind.
const MORNINGS: usize = 4;
/// Who is asked for, at the least and at the most: each product needs a few, and names are given once.
pub const PEOPLE: std::ops::RangeInclusive<i64> = 8..=400;
/// A clock that is no further from the system's is the system's, in seconds.
const SAME: i64 = 5;
/// How often a visit is looked after once it is over, a minute apart: its meeting ends first, then it is settled.
const AFTERWARDS: i64 = 3;
/// As many mornings as the stack lists: what lies before them is not known.
const LISTED: usize = 60;

/// Whom to bring where.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The port of the API.
    pub port: u16,
    /// The port of the AWS stand-ins.
    pub aws_port: u16,
    /// The port of the front end.
    pub web_port: u16,
    /// The port of the console.
    pub console_port: u16,
    /// Which people.
    pub number: u64,
    /// How many there are in rooms, and how many in saju; the others follow from it.
    pub people: usize,
}

/// When things happen.
struct Timeline {
    /// All sign up.
    evening: Timestamp,
    /// When the slots begin.
    mornings: Vec<Timestamp>,
    /// How long a slot is.
    length: SignedDuration,
    zone: TimeZone,
}

/// Fills the running stack, and says what is there then.
///
/// # Errors
/// A sentence that says what is in the way.
pub async fn run(options: Options) -> Result<(), String> {
    let running = Running::new(options.port, options.aws_port, options.number);
    let now = running.now().await?;
    let guide = &people::japanese(options.number)[0];
    if let Ok(person) = running.log_in(&guide.full, &guide.email).await {
        // The last that a seed does is this.
        let schedule = person.get("/me/schedule").await?;
        let done = schedule["days"]
            .as_array()
            .is_some_and(|days| !days.is_empty());
        if !done {
            return Err(format!(
                "the seed {0} was cut short before; take another one, `--seed {1}`, or start the stack with --fresh",
                options.number,
                options.number.wrapping_add(1)
            ));
        }
        println!(
            "The people of seed {} are there already: nothing was added.",
            options.number
        );
        show(&options, None);
        return Ok(());
    }
    let timeline = Timeline::before(&running, now).await?;
    println!(
        "The clock goes back to {} and forth again; whoever uses the stack meanwhile is logged out.\n",
        timeline
            .evening
            .to_zoned(timeline.zone.clone())
            .strftime("%Y-%m-%d %H:%M")
    );
    let ahead = now.duration_since(Timestamp::now());
    let chapters = tokio::select! {
        chapters = play(&running, &timeline, options.people, ahead) => chapters,
        _ = tokio::signal::ctrl_c() => Err("it was cut short".to_owned()),
    };
    let chapters = match chapters {
        Ok(chapters) => chapters,
        Err(error) => {
            // The clock is never left where it is.
            let set_back = set_ahead(&running, ahead).await;
            let failed = set_back
                .err()
                .map(|error| format!("\nThe clock could not be set back: {error}"));
            return Err(format!(
                "{error}{}{}",
                running.hint(&error),
                failed.unwrap_or_default()
            ));
        }
    };
    println!(
        "\nDone after {:.1} s; the clock is as it was.\n",
        running.seconds()
    );
    show(&options, Some(&chapters));
    Ok(())
}

/// The past, and then the present.
async fn play(
    running: &Running,
    timeline: &Timeline,
    people: usize,
    ahead: SignedDuration,
) -> Result<Chapters, String> {
    let mut chapters = fill(running, timeline, people).await?;
    set_ahead(running, ahead).await?;
    chapters.today(running, timeline).await?;
    Ok(chapters)
}

/// Sets the clock as far ahead of the system's time as it was.
async fn set_ahead(running: &Running, ahead: SignedDuration) -> Result<(), String> {
    if ahead.as_secs().abs() < SAME {
        return running.set_clock(None).await;
    }
    let time = Timestamp::now().saturating_add(ahead);
    running
        .set_clock(Some(time.map_err(|error| error.to_string())?))
        .await
}

impl Timeline {
    /// The last mornings before all that there is a record of, and before yesterday's.
    async fn before(running: &Running, now: Timestamp) -> Result<Self, String> {
        let slots = running.get("/slots").await?;
        let zone = TimeZone::get(&text(&slots, "time_zone")).map_err(|error| error.to_string())?;
        let time = format!("{}:00", slots["times"][0].as_str().unwrap_or_default());
        let time: Time = time.parse().map_err(|error| format!("{slots}: {error}"))?;
        let today = now.to_zoned(zone.clone()).date();
        let known = running.mornings().await?;
        if known.len() >= LISTED {
            return Err(
                "more mornings lie behind than can be looked through; start the stack with --fresh"
                    .into(),
            );
        }
        let known = known.iter().filter_map(|date| date.parse::<Date>().ok());
        let first = known.fold(today.saturating_sub(1.day()), Date::min);
        let days: Vec<&str> = slots["days"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let has_slots = |date: &Date| {
            let day = date.strftime("%a").to_string().to_lowercase();
            days.contains(&day.as_str())
        };
        let before = first
            .series(-1.day())
            .skip(1)
            .filter(has_slots)
            .take(MORNINGS);
        let mut dates: Vec<Date> = before.collect();
        dates.reverse();
        let at = |date: &Date, time: Time| {
            let time = zone.to_timestamp(date.to_datetime(time));
            time.map_err(|error| error.to_string())
        };
        let mornings = dates.iter().map(|date| at(date, time));
        let mornings = mornings.collect::<Result<Vec<_>, _>>()?;
        let eve = dates
            .first()
            .ok_or("no day has slots")?
            .saturating_sub(1.day());
        Ok(Self {
            // Before the hour at which people are reminded of the morning, one after the other.
            evening: at(&eve, Time::constant(18, 30, 0, 0))?,
            mornings,
            length: SignedDuration::from_mins(slots["minutes"].as_i64().unwrap_or(30)),
            zone,
        })
    }

    /// When the slot of a morning begins.
    fn start(&self, morning: usize) -> Timestamp {
        self.mornings[morning]
    }

    /// The date of a morning.
    fn date(&self, morning: usize) -> Date {
        self.date_of(self.mornings[morning])
    }

    /// The date at a time.
    fn date_of(&self, time: Timestamp) -> Date {
        time.to_zoned(self.zone.clone()).date()
    }
}

/// All that there is of each product.
struct Chapters {
    rooms: Rooms,
    saju: Saju,
    visits: Visits,
    market: Market,
    orgs: Orgs,
}

/// What lies behind, from the evening on which all sign up.
async fn fill(running: &Running, timeline: &Timeline, people: usize) -> Result<Chapters, String> {
    let operator = running.log_in_with("operator", OPERATOR_EMAIL, OPERATOR_PASSWORD);
    // At present: an operator is one in sessions that are later than the address was verified.
    let mut operator = operator.await.map_err(|error| {
        format!(
            "{OPERATOR_EMAIL} is to be an operator, with the password of the start screen: {error}"
        )
    })?;
    running.at(timeline.evening).await?;
    let evening = timeline.evening;
    let names = people::japanese(running.number);
    let (front, back) = names.split_at(people);
    let (rooms, saju, visits, market, orgs) = try_join5(
        Rooms::begin(running, timeline, front),
        Saju::begin(running, evening, people),
        Visits::begin(running, evening, people, back),
        Market::begin(running, evening, people, &back[back.len() / 2..]),
        Orgs::begin(running, evening, &back[back.len() * 3 / 4..]),
    )
    .await?;
    let mut chapters = Chapters {
        rooms,
        saju,
        visits,
        market,
        orgs,
    };
    running.settle().await?;
    let proofs = running.proofs().await?;
    operator.refresh().await?;
    let Chapters {
        rooms,
        saju,
        visits,
        market,
        orgs,
    } = &mut chapters;
    try_join5(
        rooms.verified(&proofs),
        saju.verified(&proofs),
        visits.verified(running, timeline, &proofs, &rooms.people, &operator),
        market.verified(running, timeline, &proofs, &rooms.people, &operator),
        orgs.invite(),
    )
    .await?;
    running.settle().await?;
    let proofs = running.proofs().await?;
    orgs.accept(&proofs).await?;
    for morning in 0..MORNINGS {
        let start = timeline.start(morning);
        running.at(start - 10.minutes()).await?;
        rooms.drawn(timeline, morning).await?;
        // Not settled before they come: while they do, all are told where they meet.
        running.set_clock(Some(start)).await?;
        try_join5(
            rooms.meet(running, timeline, morning),
            saju.day(running, timeline, morning),
            visits.day(running, timeline, morning),
            market.day(running, timeline, morning),
            orgs.day(running, timeline, morning),
        )
        .await?;
        running.settle().await?;
        let over = start + timeline.length + 10.minutes();
        let rounds = if morning == visits::MEETS {
            AFTERWARDS
        } else {
            1
        };
        for minute in 0..rounds {
            running.at(over + minute.minutes()).await?;
        }
        rooms.after(morning).await?;
    }
    Ok(chapters)
}

impl Chapters {
    /// What is under way at present.
    async fn today(&mut self, running: &Running, timeline: &Timeline) -> Result<(), String> {
        running.settle().await?;
        let now = running.now().await?;
        let Self {
            rooms,
            saju,
            visits,
            market,
            orgs,
        } = self;
        try_join5(
            rooms.today(running, timeline, now),
            saju.today(running, now),
            visits.today(running, timeline, now),
            market.today(running, now),
            orgs.today(running, now),
        )
        .await?;
        running.settle().await?;
        rooms.finish().await
    }
}

/// Whom to log in as: what they do, and their addresses.
pub fn accounts(options: &Options) -> [(&'static str, String); 5] {
    let names = people::japanese(options.number);
    let (front, back) = names.split_at(options.people);
    let part = |part: usize| back[back.len() * part / 4].email.clone();
    [
        (
            "is in rooms, asks for visits and buys",
            front[0].email.clone(),
        ),
        (
            "is in saju",
            people::korean(options.number)[0].email.clone(),
        ),
        ("is visited", part(0)),
        ("sells", part(2)),
        ("has an organisation; logs in with Firebase", part(3)),
    ]
}

/// What is there, and where it is seen.
fn show(options: &Options, chapters: Option<&Chapters>) {
    if let Some(Chapters {
        rooms,
        saju,
        visits,
        market,
        orgs,
    }) = chapters
    {
        println!("  {:<8} {}", "rooms", rooms.summary());
        println!("  {:<8} {}", "saju", saju.summary());
        println!("  {:<8} {}", "visits", visits.summary());
        println!("  {:<8} {}", "market", market.summary());
        println!("  {:<8} {}\n", "orgs", orgs.summary());
    }
    println!("Everybody's password is {PASSWORD}.");
    for (who, email) in accounts(options) {
        println!("  {email:<38} {who}");
    }
    let (web, console) = (options.web_port, options.console_port);
    println!(
        "
  pages    http://localhost:{web}/rooms  /saju  /visits  /market  /orgs
  console  http://localhost:{console}   Mornings, saju, Orders, Payments, Mail, Users; `cargo run` has printed its token"
    );
}
