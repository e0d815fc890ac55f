//! The meeting of a paid visit: who gets in, who was there, reminders, the end of it.

pub mod attendance;
mod ends;
mod join;
mod permutations;
mod quota;
mod reminders;

use std::collections::BTreeMap;

use enishi_local::Options;
use enishi_visits::{
    matching::MatchingId,
    profile::Profile,
    state::{Party, State},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    items,
    people::{
        DATE, at, bring_in, bring_matchings_in, logged_in, profile, standing, user_id, verified,
    },
};
use crate::support::{Answer, Person, World, text, tokyo};

/// What an imported visit has cost, in yen.
const PAID: u64 = 3001;

/// An employee and a student, with visits of half an hour that are paid for.
pub struct Visits {
    pub world: World,
    speaker: Profile,
    listener: Profile,
}

impl Visits {
    /// Five days ahead of [`DATE`], which is seven in the evening in Tokyo.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// [`Visits::new`] with other options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::of(World::with(change).await)
    }

    /// In a world that there is already.
    pub fn of(world: World) -> Self {
        let [speaker, listener] = two();
        bring_in(&world, &[speaker.clone(), listener.clone()]);
        Self {
            world,
            speaker,
            listener,
        }
    }

    /// A visit at [`DATE`]. Answers its id.
    pub fn paid(&self) -> String {
        self.standing(State::Paid)
    }

    /// One that stands otherwise.
    pub fn standing(&self, state: State) -> String {
        bring(&self.world, &self.speaker, &self.listener, state, start())
    }

    /// Sets the clock on the day of the visits, in Tokyo: nothing is fired, no event is delivered.
    pub fn set(&self, time: &str) {
        self.world.stack.clock().set(Some(evening(time)));
    }

    /// Moves it, fires what is due and settles.
    pub async fn at(&self, time: &str) {
        self.world.stack.at(evening(time)).await;
    }

    /// Runs the sweep for the present minute, beside the schedule.
    pub async fn sweep(&self) -> Result<Value, String> {
        sweep(&self.world).await
    }

    /// One of the two, with a token of the present time.
    pub async fn person(&self, party: Party) -> Person {
        let profile = match party {
            Party::Speaker => &self.speaker,
            Party::Listener => &self.listener,
        };
        logged_in(&self.world, profile.user_id, &profile.name).await
    }

    /// `GET /api/meeting/{matching_id}/join` as one of the two.
    pub async fn join(&self, party: Party, id: &str) -> Answer {
        join(&self.world, &self.person(party).await, id).await
    }

    /// Joins, which must succeed, and connects as a browser would.
    pub async fn connect(&self, party: Party, id: &str) -> Answer {
        let answer = self.join(party, id).await.expect(200);
        connected(&self.world, &answer);
        answer
    }

    /// Where a matching stands.
    pub fn state(&self, id: &str) -> String {
        self.outcome(id).0
    }

    /// What it gave back, in yen, step by step.
    pub fn refunds(&self, id: &str) -> Vec<u64> {
        self.outcome(id).1
    }

    fn outcome(&self, id: &str) -> (String, Vec<u64>) {
        let mut outcomes = self.outcomes();
        outcomes.remove(id).unwrap()
    }

    /// Where all matchings stand, and what they gave back.
    pub fn outcomes(&self) -> BTreeMap<String, (String, Vec<u64>)> {
        let mut outcomes = BTreeMap::<_, (String, Vec<u64>)>::new();
        for row in items(&self.world, "MATCHING#") {
            let id = text(&row["pk"]["S"]).replace("MATCHING#", "");
            let (state, refunds) = outcomes.entry(id).or_default();
            match text(&row["sk"]["S"]).as_str() {
                "MATCHING" => *state = text(&row["state"]["S"]),
                kind if kind.starts_with("STEP#") => {
                    let sum: u64 = text(&row["refund"]["N"]).parse().unwrap();
                    refunds.extend((sum > 0).then_some(sum));
                }
                _ => {}
            }
        }
        outcomes
    }

    /// What both were told of this, each time.
    pub fn told(&self, topic: &str) -> usize {
        let notices = items(&self.world, "NOTICES#");
        let notices = notices.iter().filter(|row| row["topic"]["S"] == topic);
        notices.count()
    }
}

fn two() -> [Profile; 2] {
    [
        profile(user_id(1), "sora", "company"),
        profile(user_id(2), "hana", "student"),
    ]
}

fn start() -> Timestamp {
    DATE.parse().unwrap()
}

fn evening(time: &str) -> Timestamp {
    tokyo(&format!("2026-11-25T{time}"))
}

/// Brings a visit of half an hour in that stands so. Answers its id.
fn bring(
    world: &World,
    speaker: &Profile,
    listener: &Profile,
    state: State,
    date: Timestamp,
) -> String {
    let app = world.stack.app("VisitsErase").unwrap();
    let id = MatchingId::new(&app);
    let matching = at(state, app.now(), date, None);
    bring_matchings_in(world, &[standing((speaker, listener), id, matching)]);
    id.to_string()
}

/// A visit of the two that begins now. Answers its id.
pub fn begins(world: &World, (speaker, listener): (&Profile, &Profile)) -> String {
    let now = world.stack.clock().now();
    bring(world, speaker, listener, State::Paid, now)
}

/// A visit of a student's that they can join now. Answers its id.
pub fn joinable(world: &World, student: &Person) -> String {
    let student = profile(student.id.parse().unwrap(), &student.name, "student");
    let [speaker, _] = two();
    begins(world, (&speaker, &student))
}

/// Runs the sweep, beside the schedule.
pub async fn sweep(world: &World) -> Result<Value, String> {
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    world.stack.lambda().invoke("VisitsSweep", tick).await
}

/// `GET /api/meeting/{matching_id}/join`.
pub async fn join(world: &World, person: &Person, id: &str) -> Answer {
    let path = format!("/api/meeting/{id}/join");
    world.get(person, &path).await
}

/// That a browser can connect with this answer.
#[track_caller]
pub fn connected(world: &World, answer: &Answer) {
    let (meeting, attendee) = (&answer.body["Meeting"], &answer.body["Attendee"]);
    let joined = world.stack.chime().join(
        &text(&meeting["MeetingId"]),
        &text(&attendee["AttendeeId"]),
        &text(&attendee["JoinToken"]),
    );
    assert_eq!(joined, Ok(()), "{}", answer.text);
}

/// Lives through a visit that can be joined now, with what befalls few: a meeting that ended without a word,
/// an attendee that was not kept, people still there at the end.
pub async fn live_through(world: &World) {
    let begun = world.stack.clock().now();
    let mei = verified(world, 41, "company").await;
    let kei = verified(world, 42, "student").await;
    let [speaker, listener] = [
        profile(user_id(41), &mei.name, "company"),
        profile(user_id(42), &kei.name, "student"),
    ];
    let id = begins(world, (&speaker, &listener));
    join(world, &mei, &id).await.expect(200);
    let later = begun + SignedDuration::from_mins(6);
    world.stack.clock().set(Some(later));
    // Its end is not told: Chime is asked.
    join(world, &mei, &id).await.expect(200);
    forget_attendees(world, &id);
    for person in [&mei, &kei] {
        connected(world, &join(world, person, &id).await.expect(200));
    }
    world.stack.settle().await;
    let over = begun + SignedDuration::from_mins(36);
    world.stack.clock().set(Some(over));
    sweep(world).await.unwrap();
    world.stack.settle().await;
    assert!(world.stack.chime().live_meetings().is_empty());
    world.stack.clock().set(Some(begun));
}

/// As if Chime had answered a meeting without those who were to be in it.
fn forget_attendees(world: &World, id: &str) {
    let mut rows = items(world, &format!("MATCHING#{id}"));
    rows.retain(|row| row["sk"]["S"] == "MEETING");
    let mut row = rows.pop().unwrap();
    row["attendees"] = json!({"M": {}});
    let request = json!({"TableName": "VisitsTable", "Item": row});
    let request = enishi_local::database::from_json(request).unwrap();
    world.stack.database().put_item(request).unwrap();
}
