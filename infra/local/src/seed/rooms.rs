//! Rooms: who comes on which morning, who stays away, leaves late, walks in, and is not to be met again.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::{
    MORNINGS, Timeline,
    people::{Dice, Name, Person},
    running::Running,
};
use crate::client::{connect, text};

/// How many do something at once.
const AT_ONCE: usize = 12;
/// On this morning somebody leaves after the draw.
const LEAVES: usize = 2;
/// … and on this one somebody walks in.
const WALKS_IN: usize = 1;
/// After this one somebody names whom they do not wish to meet again.
const AVOIDS: usize = 1;
/// Who never comes on the first mornings, and walks in.
const GUEST: usize = 1;

/// The people, and their mornings.
pub struct Rooms {
    /// Who signed up; the first is shown around.
    pub people: Vec<Person>,
    /// Who is enrolled for each morning.
    plan: Vec<Vec<bool>>,
    dice: Dice,
    absences: usize,
    tomorrow: usize,
}

impl Rooms {
    /// All sign up, and enroll for the mornings that they like.
    ///
    /// # Errors
    /// A sentence with what was answered instead of what should be; so do all of these.
    pub async fn begin(
        running: &Running,
        timeline: &Timeline,
        names: &[Name],
    ) -> Result<Self, String> {
        let dice = Dice::new(running.number, "rooms");
        let plan = (0..MORNINGS).map(|morning| {
            let comes = |number| match number {
                0 => true,
                GUEST => morning > WALKS_IN,
                _ => dice.chance(72),
            };
            (0..names.len()).map(comes).collect()
        });
        let plan: Vec<Vec<bool>> = plan.collect();
        let dates: Vec<String> = (0..MORNINGS)
            .map(|morning| timeline.date(morning).to_string())
            .collect();
        let (plan_of, dates) = (&plan, &dates);
        let people = stream::iter(names.iter().enumerate()).map(|(number, name)| async move {
            let person = Person::sign_up(running, name).await?;
            for (comes, date) in plan_of.iter().zip(dates) {
                if comes[number] {
                    person.post("/register/", json!({"date": date})).await?;
                }
            }
            Ok::<_, String>(person)
        });
        let people: Vec<Person> = people.buffered(AT_ONCE).try_collect().await?;
        let enrolled = plan.iter().flatten().filter(|comes| **comes).count();
        let what = format!("{} people sign up, {enrolled} enrollments", people.len());
        running.tell(timeline.evening, "rooms", &what);
        Ok(Self {
            people,
            plan,
            dice,
            absences: 0,
            tomorrow: 0,
        })
    }

    /// They follow the links in their mails.
    pub async fn verified(&self, proofs: &HashMap<String, String>) -> Result<(), String> {
        try_join_all(self.people.iter().map(|person| person.verify(proofs))).await?;
        Ok(())
    }

    /// Between the draw and the start.
    pub async fn drawn(&mut self, timeline: &Timeline, morning: usize) -> Result<(), String> {
        if morning != LEAVES {
            return Ok(());
        }
        let last = (2..self.people.len())
            .rev()
            .find(|number| self.plan[morning][*number]);
        let Some(number) = last else {
            return Ok(());
        };
        let person = &mut self.people[number];
        person.refresh().await?;
        let path = format!("/register/{}", timeline.date(morning));
        person.ask("DELETE", &path, None).await?;
        self.plan[morning][number] = false;
        Ok(())
    }

    /// They come, most of them.
    pub async fn meet(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        morning: usize,
    ) -> Result<(), String> {
        let stays_away = |number| number > 1 && self.dice.chance(9);
        let comes: Vec<bool> = (0..self.people.len())
            .map(|number| !stays_away(number))
            .collect();
        let plan = &self.plan[morning];
        let away = plan
            .iter()
            .zip(&comes)
            .filter(|(planned, comes)| **planned && !**comes);
        let away = away.count();
        let there = self.people.iter_mut().zip(plan).zip(&comes);
        let there = there.filter(|((_, planned), comes)| **planned && **comes);
        let joins = there.map(|((person, _), _)| join(running, person));
        let rooms: Vec<String> = stream::iter(joins)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut there = rooms.len();
        if morning == WALKS_IN {
            let guest = &mut self.people[GUEST];
            guest.refresh().await?;
            let date = timeline.date(morning).to_string();
            guest.post("/register/", json!({"date": date})).await?;
            join(running, guest).await?;
            there += 1;
        }
        self.absences += away;
        let mut rooms = rooms;
        rooms.sort_unstable();
        rooms.dedup();
        let what = format!(
            "{there} people meet in {} rooms, {away} stay away",
            rooms.len()
        );
        running.tell(timeline.start(morning), "rooms", &what);
        Ok(())
    }

    /// When the morning is over.
    pub async fn after(&mut self, morning: usize) -> Result<(), String> {
        if morning != AVOIDS {
            return Ok(());
        }
        let me = &mut self.people[0];
        me.refresh().await?;
        let history = me.get("/me/rooms").await?;
        let members = history["rooms"].as_array().into_iter().flatten();
        let members = members.flat_map(|room| room["members"].as_array().into_iter().flatten());
        let mut others = members.map(|member| text(member, "user_id"));
        if let Some(other) = others.find(|id| !id.is_empty() && *id != me.id) {
            me.ask("PUT", &format!("/me/avoid/{other}"), None).await?;
        }
        Ok(())
    }

    /// Half of them come tomorrow, some the day after.
    pub async fn today(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        now: Timestamp,
    ) -> Result<(), String> {
        let today = timeline.date_of(now);
        let day = |days: i64| today.saturating_add(days.days()).to_string();
        let plan = |number| match number {
            0 => vec![day(1), day(2)],
            _ if self.dice.chance(60) => vec![day(1)],
            _ if self.dice.chance(30) => vec![day(2)],
            _ => Vec::new(),
        };
        let plans: Vec<Vec<String>> = (0..self.people.len()).map(plan).collect();
        self.tomorrow = plans.iter().filter(|dates| dates.contains(&day(1))).count();
        let enrolling = self.people.iter_mut().zip(plans);
        let enrolling = enrolling.map(|(person, dates)| async move {
            person.refresh().await?;
            for date in dates {
                person.post("/register/", json!({"date": date})).await?;
            }
            Ok::<_, String>(())
        });
        stream::iter(enrolling)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        self.people[0].ask("POST", "/me/calendar", None).await?;
        for person in self.people.iter().skip(2).take(2) {
            let days =
                json!({"days": self.dice.pick(&[["mon", "wed"], ["tue", "thu"], ["sat", "sun"]])});
            person.put("/me/schedule", days).await?;
        }
        running.tell(
            now,
            "rooms",
            &format!("{} people come tomorrow", self.tomorrow),
        );
        Ok(())
    }

    /// The very last of a seed: by it the next one knows that nothing is missing.
    pub async fn finish(&self) -> Result<(), String> {
        let days = json!({"days": ["mon", "tue", "wed", "thu", "fri"]});
        self.people[0].put("/me/schedule", days).await?;
        Ok(())
    }

    /// What is there.
    pub fn summary(&self) -> String {
        format!(
            "{} people, {MORNINGS} mornings with {} absences, a late withdrawal, a walk-in, {} come tomorrow",
            self.people.len(),
            self.absences,
            self.tomorrow
        )
    }
}

/// What the front end does when the doors are open; answers which room it is.
async fn join(running: &Running, person: &mut Person) -> Result<String, String> {
    person.refresh().await?;
    let ready = person.get(&format!("/meeting_url/{}", person.id)).await?;
    let room = text(&ready, "room_id");
    let joined: Value = person.get(&format!("/rooms/{room}/join")).await?;
    connect(&running.aws, &joined).await?;
    Ok(room)
}
