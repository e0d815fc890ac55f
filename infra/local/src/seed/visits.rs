//! Visits: employees with hours and documents, students who ask them, and what comes of it, in every state.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::{
    Timeline,
    people::{Dice, Name, PASSWORD, Person},
    running::{Running, patiently},
};
use crate::{
    client::{connect, declared, text},
    picture::portrait,
};
use words::{COMPANIES, REQUESTS, UNIVERSITIES, WORDS, WORK};

mod words;

/// How many do something at once.
const AT_ONCE: usize = 8;
/// On this morning two meet.
pub const MEETS: usize = 2;
/// A visit takes so many minutes.
const MINUTES: u16 = 30;

/// Somebody who asks and somebody who is asked, by their numbers.
struct Visit {
    student: usize,
    employee: usize,
    id: String,
    date: Timestamp,
}

/// Employees, students, and who meets whom.
pub struct Visits {
    employees: Vec<Person>,
    students: Vec<Person>,
    /// How the search knows each employee who is verified.
    speakers: Vec<String>,
    dice: Dice,
    work: Vec<Value>,
    /// Of the first day: takes place, is given back, is declined, is called off.
    visits: Vec<Visit>,
}

impl Visits {
    /// The employees sign up.
    ///
    /// # Errors
    /// A sentence with what was answered instead of what should be; so do all of these.
    pub async fn begin(
        running: &Running,
        evening: Timestamp,
        people: usize,
        names: &[Name],
    ) -> Result<Self, String> {
        let dice = Dice::new(running.number, "visits");
        let companies = dice.shuffled(COMPANIES.to_vec());
        let work = dice.shuffled(WORK.to_vec());
        // The last one is not verified yet.
        let count = verified(people) + 1;
        let says = (0..count).map(|number| {
            let (job, department, position, comment) = work[number % work.len()];
            let years = 3 + dice.below(15);
            json!({
                "type": "company", "affiliation": companies[number % companies.len()], "job": job,
                "department": department, "position": position,
                "comment": format!("入社{years}年目です。{comment}"),
                "date_of_birth": format!("{}-{:02}-{:02}", 2003 - years, 1 + dice.below(12), 1 + dice.below(28)),
                "phone_number": phone_number(&dice),
            })
        });
        let work: Vec<Value> = says.collect();
        let joining = names.iter().zip(&work).map(|(name, work)| async move {
            let client = running.client();
            let mut body = work.clone();
            body["name"] = name.full.as_str().into();
            body["email"] = name.email.as_str().into();
            body["password"] = PASSWORD.into();
            let answer = client.expect("POST", "/api/users", None, Some(body));
            Ok::<_, String>(Person::new(
                client.clone(),
                &name.full,
                &name.email,
                &patiently(answer).await?,
            ))
        });
        let employees: Vec<Person> = stream::iter(joining)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        running.tell(evening, "visits", &format!("{count} employees sign up"));
        Ok(Self {
            employees,
            students: Vec::new(),
            speakers: Vec::new(),
            dice,
            work,
            visits: Vec::new(),
        })
    }

    /// Some people of rooms join as students. All hand in documents; an operator approves all but two: one is
    /// rejected, one waits.
    pub async fn verified(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        proofs: &HashMap<String, String>,
        people: &[Person],
        operator: &Person,
    ) -> Result<(), String> {
        try_join_all(self.employees.iter().map(|person| person.verify(proofs))).await?;
        let says = (0..self.employees.len()).map(|_| {
            json!({
                "type": "student", "affiliation": self.dice.pick(&UNIVERSITIES),
                "department": self.dice.pick(&["工学部", "文学部", "経済学部", "理学部", "社会学部"]),
                "position": self.dice.pick(&["学部三年", "学部四年", "修士一年"]),
                "comment": self.dice.pick(&REQUESTS),
                "date_of_birth": format!("200{}-{:02}-{:02}", 3 + self.dice.below(3), 1 + self.dice.below(12), 1 + self.dice.below(28)),
                "phone_number": phone_number(&self.dice),
            })
        });
        let says: Vec<Value> = says.collect();
        let joining = people
            .iter()
            .zip(says)
            .map(|(person, mut says)| async move {
                let student = running.log_in(&person.name, &person.email).await?;
                says["name"] = real_name(&person.name).into();
                says["email"] = person.email.as_str().into();
                says["password"] = PASSWORD.into();
                student.post("/api/users", says).await?;
                Ok::<_, String>(student)
            });
        self.students = stream::iter(joining)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let (employees, students) = (
            self.employees.iter().enumerate(),
            self.students.iter().enumerate(),
        );
        let last = self.employees.len() - 1;
        let dice = &self.dice;
        let looked_at = employees.map(|(number, person)| {
            (
                person,
                (number < last).then(|| json!({"decision": "approve"})),
            )
        });
        let looked_at = looked_at.chain(students.map(|(number, person)| {
            let rejected =
                json!({"decision": "reject", "reason": "学生証の有効期限が読み取れません。"});
            (
                person,
                Some(if number < last {
                    json!({"decision": "approve"})
                } else {
                    rejected
                }),
            )
        }));
        let looked_at = looked_at.map(|(person, decision)| {
            let color = [
                90 + dice.below(120) as u8,
                90 + dice.below(120) as u8,
                90 + dice.below(120) as u8,
            ];
            async move { prove(person, operator, color, decision).await }
        });
        let looked_at: Vec<_> = looked_at.collect();
        stream::iter(looked_at)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        for person in &self.employees[..last] {
            let days = [
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ];
            let morning = days.map(|day| json!({"day": day, "from": "08:00", "to": "12:00"}));
            let evening = days.map(|day| json!({"day": day, "from": "19:00", "to": "21:00"}));
            let weekly = [morning, evening].concat();
            let hours = json!({
                "shown": {"department": true, "position": self.dice.chance(70)},
                "availability": {"weekly": weekly, "exceptions": []},
            });
            person.ask("PATCH", "/api/visits/me", Some(hours)).await?;
        }
        let what = format!(
            "{} people are verified, one is rejected, one waits",
            2 * last
        );
        running.tell(timeline.evening, "visits", &what);
        Ok(())
    }

    /// On the first day four are asked, on the second they answer, on the third the first visit takes place.
    pub async fn day(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        day: usize,
    ) -> Result<(), String> {
        if day > MEETS {
            return Ok(());
        }
        self.refresh().await?;
        let what = match day {
            0 => {
                self.find().await?;
                let (third, evening) = (
                    timeline.start(MEETS),
                    timeline.start(MEETS + 1) + 10.hours(),
                );
                let plan = [
                    (0, 0, third),
                    (1, 1, evening),
                    (2, 0, evening + 1.hour()),
                    (0, 2, evening),
                ];
                for (student, employee, date) in plan {
                    let visit = self.ask(student, employee, date).await?;
                    self.visits.push(visit);
                }
                for visit in &self.visits[..2] {
                    self.employee(visit, "accept").await?;
                    self.talk(visit, WORDS.len()).await?;
                    self.book(visit).await?;
                    self.pay(running, visit).await?;
                }
                "4 students' requests, 2 visits booked and paid for"
            }
            1 => {
                let [_, back, declined, off] = &self.visits[..] else {
                    return Err("four visits should be there".into());
                };
                self.student(back, "cancel").await?;
                self.employee(declined, "decline").await?;
                self.student(off, "cancel").await?;
                let report = json!({
                    "matching_id": back.id, "reason": "日程が決まった翌日に、理由の説明もなく取り消されました。",
                });
                self.employees[back.employee]
                    .post("/api/visits/reports", report)
                    .await?;
                let block = json!({"matching_id": declined.id});
                self.students[declined.student]
                    .post("/api/visits/blocks", block)
                    .await?;
                "one is given back, one declined, one called off; a report, a block"
            }
            _ => {
                let visit = &self.visits[0];
                for person in [
                    &self.students[visit.student],
                    &self.employees[visit.employee],
                ] {
                    let joined = person
                        .get(&format!("/api/meeting/{}/join", visit.id))
                        .await?;
                    connect(&running.aws, &joined).await?;
                }
                "a visit takes place"
            }
        };
        running.tell(timeline.start(day), "visits", what);
        Ok(())
    }

    /// What is to come: one waits, one has a proposal, one is agreed on, one booked, one paid for.
    pub async fn today(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        now: Timestamp,
    ) -> Result<(), String> {
        self.refresh().await?;
        let date = |days: i64, hour: i8| {
            let date = timeline.date_of(now).saturating_add(days.days());
            let time = timeline.zone.to_timestamp(date.at(hour, 0, 0, 0));
            time.map_err(|error| error.to_string())
        };
        self.ask(0, 1, date(4, 19)?).await?;
        let other = self.ask(1, 2, date(5, 19)?).await?;
        let proposal =
            json!({"action": "propose", "date": date(6, 20)?, "meeting_length": MINUTES});
        self.act(&self.employees[other.employee], &other, proposal)
            .await?;
        let agreed = self.ask(1, 0, date(7, 20)?).await?;
        self.employee(&agreed, "accept").await?;
        self.talk(&agreed, 3).await?;
        let booked = self.ask(2, 1, date(5, 20)?).await?;
        self.employee(&booked, "accept").await?;
        self.book(&booked).await?;
        let paid = self.ask(0, 2, date(2, 19)?).await?;
        self.employee(&paid, "accept").await?;
        self.talk(&paid, WORDS.len()).await?;
        self.book(&paid).await?;
        self.pay(running, &paid).await?;
        running.tell(
            now,
            "visits",
            "5 are to come: asked, proposed, accepted, booked, paid for",
        );
        Ok(())
    }

    /// What is there.
    pub fn summary(&self) -> String {
        format!(
            "{} employees and {} students, a visit in each state, one of them to come",
            self.employees.len(),
            self.students.len()
        )
    }

    async fn refresh(&mut self) -> Result<(), String> {
        Person::refresh_all(self.students.iter_mut().chain(&mut self.employees)).await
    }

    /// How the search knows the employees; others' may be there too.
    async fn find(&mut self) -> Result<(), String> {
        let cards = self.students[0].get("/api/users?limit=100").await?;
        let verified = &self.work[..self.work.len() - 1];
        let speakers = verified.iter().map(|work| {
            let mut cards = cards.as_array().into_iter().flatten();
            let same = |card: &&Value| {
                card["company"] == work["affiliation"] && card["comment"] == work["comment"]
            };
            let card = cards.find(same);
            let card = card.ok_or_else(|| format!("{} is not found", work["affiliation"]))?;
            Ok(text(card, "speaker_id"))
        });
        self.speakers = speakers.collect::<Result<_, String>>()?;
        Ok(())
    }

    async fn ask(&self, student: usize, employee: usize, date: Timestamp) -> Result<Visit, String> {
        let request = json!({
            "speaker_id": self.speakers[employee], "message": self.dice.pick(&REQUESTS),
            "meeting_length": MINUTES, "date": date,
        });
        let asked = self.students[student]
            .post("/api/matching", request)
            .await?;
        Ok(Visit {
            student,
            employee,
            id: text(&asked, "id"),
            date,
        })
    }

    async fn act(&self, person: &Person, visit: &Visit, action: Value) -> Result<(), String> {
        person
            .put(&format!("/api/matching/{}", visit.id), action)
            .await?;
        Ok(())
    }

    async fn employee(&self, visit: &Visit, action: &str) -> Result<(), String> {
        self.act(
            &self.employees[visit.employee],
            visit,
            json!({"action": action}),
        )
        .await
    }

    async fn student(&self, visit: &Visit, action: &str) -> Result<(), String> {
        self.act(
            &self.students[visit.student],
            visit,
            json!({"action": action}),
        )
        .await
    }

    async fn talk(&self, visit: &Visit, most: usize) -> Result<(), String> {
        for (number, words) in WORDS.iter().take(most).enumerate() {
            let writes = match number % 2 {
                0 => &self.employees[visit.employee],
                _ => &self.students[visit.student],
            };
            let message = json!({"matching_id": visit.id, "text": words});
            writes.post("/api/messages", message).await?;
        }
        Ok(())
    }

    async fn book(&self, visit: &Visit) -> Result<(), String> {
        let booking =
            json!({"matching_id": visit.id, "date": visit.date, "meeting_length": MINUTES});
        self.students[visit.student]
            .post("/api/meeting", booking)
            .await?;
        Ok(())
    }

    async fn pay(&self, running: &Running, visit: &Visit) -> Result<(), String> {
        let payment = json!({"matching_id": visit.id});
        let checkout = self.students[visit.student]
            .post("/api/payment", payment)
            .await?;
        running.press(&text(&checkout, "checkout_url"), "pay").await
    }
}

/// How many employees are verified, and how many students, of so many people.
fn verified(people: usize) -> usize {
    (people / 8).clamp(3, 12)
}

/// A name without the number that others of the same name have made necessary.
fn real_name(name: &str) -> &str {
    name.trim_end_matches(|char: char| char.is_ascii_digit())
        .trim_end()
}

/// A number that nobody has: those after 0000 are not given to anybody.
fn phone_number(dice: &Dice) -> String {
    format!("090-0000-{:04}", dice.below(10_000))
}

/// Uploads both documents, hands them in, and has the operator decide, if they are to.
async fn prove(
    person: &Person,
    operator: &Person,
    color: [u8; 3],
    decision: Option<Value>,
) -> Result<(), String> {
    let picture = portrait([[50, 42, 38], color, [236, 238, 240]]);
    let picture = picture.map_err(|error| error.to_string())?;
    let card = declared("image/png", &picture);
    let cards = json!({"type_card": card, "identity_card": card});
    let allowed = person.post("/api/certificates", cards).await?;
    for card in ["type_card", "identity_card"] {
        person.put_file(&allowed[card], picture.clone()).await?;
    }
    person.ask("POST", "/api/certificates/submit", None).await?;
    let Some(decision) = decision else {
        return Ok(());
    };
    let path = format!("/api/operator/certificates/{}", person.id);
    operator.ask("POST", &format!("{path}/view"), None).await?;
    operator.put(&path, decision).await?;
    Ok(())
}
