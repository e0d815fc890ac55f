//! saju: members with charts and pictures, whom they ask, and what they write to each other.

use std::collections::{BTreeSet, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use jiff::Timestamp;
use serde_json::json;

use super::{
    Timeline,
    people::{Dice, Name, PASSWORD, Person, korean},
    running::{Running, patiently},
};
use crate::{client::text, picture::portrait};
use words::{BEGINNINGS, JOBS, PLACES, TALKS, WISHES};

mod words;

/// How many do something at once.
const AT_ONCE: usize = 12;
/// How many wait for somebody's answer at the most.
const ASKED: usize = 2;

/// Two of them.
struct Pair {
    /// Who asked.
    asks: usize,
    /// Who was asked.
    asked: usize,
    match_id: String,
    /// Once it was accepted: the chat, what is talked about there, and how much of it was said.
    chat: Option<(String, &'static [&'static str], usize)>,
    /// Whether an answer has come.
    answered: bool,
}

/// The members, and who of them has asked whom.
pub struct Saju {
    people: Vec<Person>,
    pairs: Vec<Pair>,
    dice: Dice,
    messages: usize,
    pictures: usize,
}

impl Saju {
    /// All sign up and say who they are.
    ///
    /// # Errors
    /// A sentence with what was answered instead of what should be; so do all of these.
    pub async fn begin(
        running: &Running,
        evening: Timestamp,
        people: usize,
    ) -> Result<Self, String> {
        let dice = Dice::new(running.number, "saju");
        let names: Vec<Name> = korean(running.number).into_iter().take(people).collect();
        let profiles = names
            .iter()
            .enumerate()
            .map(|(number, _)| Profile::of(&dice, number));
        let profiles: Vec<Profile> = profiles.collect();
        let pictures = profiles
            .iter()
            .filter(|profile| profile.colors.is_some())
            .count();
        let people = stream::iter(names.iter().zip(&profiles))
            .map(|(name, profile)| profile.join(running, name))
            .buffered(AT_ONCE);
        let people: Vec<Person> = people.try_collect().await?;
        let what = format!("{} people sign up, {pictures} with a picture", people.len());
        running.tell(evening, "saju", &what);
        Ok(Self {
            people,
            pairs: Vec::new(),
            dice,
            messages: 0,
            pictures,
        })
    }

    /// They follow the links in their mails: from then on they are recommended.
    pub async fn verified(&self, proofs: &HashMap<String, String>) -> Result<(), String> {
        try_join_all(self.people.iter().map(|person| person.verify(proofs))).await?;
        Ok(())
    }

    /// A day: lists, requests, answers, words.
    pub async fn day(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        day: usize,
    ) -> Result<(), String> {
        self.refresh().await?;
        let before = (self.pairs.len(), self.messages);
        self.answer(if day == 0 { 0 } else { 62 }).await?;
        self.talk(3).await?;
        if day.is_multiple_of(2) {
            self.ask(50).await?;
        }
        if day == 2 {
            self.part().await?;
        }
        let what = format!(
            "{} requests, {} messages",
            self.pairs.len() - before.0,
            self.messages - before.1
        );
        running.tell(timeline.start(day), "saju", &what);
        Ok(())
    }

    /// Today's lists; some requests wait, and some words were not read yet.
    pub async fn today(&mut self, running: &Running, now: Timestamp) -> Result<(), String> {
        self.refresh().await?;
        let said = self.messages;
        self.talk(2).await?;
        let asked = self.ask(70).await?;
        // Somebody thinks better of it.
        if asked > 2
            && let Some(pair) = self.pairs.pop()
        {
            let path = format!("/api/matches/{}/cancel", pair.match_id);
            self.people[pair.asks].ask("POST", &path, None).await?;
        }
        let what = format!(
            "today's lists, {asked} requests, {} messages",
            self.messages - said
        );
        running.tell(now, "saju", &what);
        Ok(())
    }

    async fn refresh(&mut self) -> Result<(), String> {
        Person::refresh_all(self.people.iter_mut()).await
    }

    /// So many in a hundred look at their list and ask somebody on it; answers how many did. The first does always.
    async fn ask(&mut self, percent: usize) -> Result<usize, String> {
        let (people, dice) = (&self.people, &self.dice);
        let looking = (0..people.len()).filter(|number| *number == 0 || dice.chance(percent));
        let looking: Vec<usize> = looking.collect();
        let lists = looking.iter().map(|number| async move {
            let list = people[*number].get("/api/matches/recommendations").await?;
            let list = list.as_array().into_iter().flatten();
            Ok::<_, String>((
                *number,
                list.map(|one| text(one, "user_id")).collect::<Vec<_>>(),
            ))
        });
        let lists: Vec<(usize, Vec<String>)> =
            stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
        let ids: HashMap<&str, usize> = (people.iter().enumerate())
            .map(|(number, person)| (person.id.as_str(), number))
            .collect();
        let mut known: BTreeSet<(usize, usize)> = self
            .pairs
            .iter()
            .map(|pair| both(pair.asks, pair.asked))
            .collect();
        // Where few are there, some of them are left to be recommended.
        let most = (people.len() / 4).max(2);
        let (mut waiting, mut paired) = (vec![0; people.len()], vec![0; people.len()]);
        for pair in &self.pairs {
            waiting[pair.asked] += usize::from(!pair.answered);
            paired[pair.asks] += 1;
            paired[pair.asked] += 1;
        }
        let mut wanted = Vec::new();
        for (asks, list) in lists {
            // Others may be there too, who are nobody's here.
            let mut others = list.iter().filter_map(|id| ids.get(id.as_str()).copied());
            let free = |asked: &usize| {
                let known = known.contains(&both(asks, *asked));
                !known && waiting[*asked] < ASKED && paired[asks].max(paired[*asked]) < most
            };
            if let Some(asked) = others.find(free) {
                waiting[asked] += 1;
                paired[asks] += 1;
                paired[asked] += 1;
                known.insert(both(asks, asked));
                wanted.push((asks, asked));
            }
        }
        let requests = wanted.into_iter().map(|(asks, asked)| async move {
            let body = json!({"receiver_id": people[asked].id});
            let answer = people[asks].post("/api/matches/request", body).await?;
            Ok::<_, String>(Pair {
                asks,
                asked,
                match_id: text(&answer, "match_id"),
                chat: None,
                answered: false,
            })
        });
        let pairs: Vec<Pair> = stream::iter(requests)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let count = pairs.len();
        self.pairs.extend(pairs);
        Ok(count)
    }

    /// So many in a hundred of those who were asked say yes, a few no. The first is always answered.
    async fn answer(&mut self, percent: usize) -> Result<(), String> {
        let (people, dice) = (&self.people, &self.dice);
        let waiting = self.pairs.iter_mut().filter(|pair| !pair.answered);
        let answers = waiting.filter_map(|pair| {
            let answer = match pair.asks == 0 && percent > 0 || dice.chance(percent) {
                true => "accept",
                false if percent > 0 && dice.chance(25) => "decline",
                false => return None,
            };
            let talk = dice.pick(&TALKS);
            Some(async move {
                let path = format!("/api/matches/{}/{answer}", pair.match_id);
                let answered = people[pair.asked].ask("POST", &path, None).await?;
                pair.answered = true;
                if answer == "accept" {
                    pair.chat = Some((text(&answered, "chat_id"), talk, 0));
                }
                Ok::<_, String>(())
            })
        });
        let answers: Vec<_> = answers.collect();
        stream::iter(answers)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// In each chat the next messages are written, as many as `most`, and read but for the last one.
    async fn talk(&mut self, most: usize) -> Result<(), String> {
        let people = &self.people;
        let chats = self.pairs.iter_mut().filter_map(|pair| {
            let (asks, asked) = (pair.asks, pair.asked);
            let (id, talk, said) = pair.chat.as_mut()?;
            Some(async move {
                let next: Vec<(usize, &str)> = talk
                    .iter()
                    .copied()
                    .enumerate()
                    .skip(*said)
                    .take(most)
                    .collect();
                let count = next.len();
                for (number, words) in next {
                    let (from, to) = match number % 2 {
                        0 => (asks, asked),
                        _ => (asked, asks),
                    };
                    let path = format!("/api/chats/{id}");
                    let message = json!({"content": words, "client_msg_id": number.to_string()});
                    people[from]
                        .post(&format!("{path}/messages"), message)
                        .await?;
                    // Who has just been written to has the chat open, unless these are the last words.
                    if number + 1 < *said + count {
                        people[to]
                            .post(&format!("{path}/read"), json!({"seq": number + 1}))
                            .await?;
                    }
                }
                *said += count;
                Ok::<_, String>(count)
            })
        });
        let chats: Vec<_> = chats.collect();
        let counts: Vec<usize> = stream::iter(chats)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        self.messages += counts.iter().sum::<usize>();
        Ok(())
    }

    /// One is reported for what they wrote, and blocked.
    async fn part(&mut self) -> Result<(), String> {
        let mut chats = self
            .pairs
            .iter_mut()
            .rev()
            .filter(|pair| pair.chat.is_some());
        if let Some(pair) = chats.find(|pair| pair.asks != 0 && pair.asked != 0) {
            let (me, other) = (&self.people[pair.asked], &self.people[pair.asks]);
            let report = json!({
                "user_id": other.id, "reason": "spam",
                "chat_id": pair.chat.take().map(|(chat, ..)| chat),
                "details": "만난 적도 없는데 투자 이야기만 계속합니다.",
            });
            me.post("/api/reports", report).await?;
            me.post("/api/blocks", json!({"user_id": other.id})).await?;
        }
        Ok(())
    }

    /// What is there.
    pub fn summary(&self) -> String {
        let chats = self.pairs.iter().filter(|pair| pair.chat.is_some()).count();
        let open = self.pairs.iter().filter(|pair| !pair.answered).count();
        format!(
            "{} people, {} with a picture, {chats} chats with {} messages, {open} requests wait, a report and a block",
            self.people.len(),
            self.pictures,
            self.messages
        )
    }
}

/// The two in one order.
fn both(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

/// What somebody says of themselves.
struct Profile {
    gender: &'static str,
    birth_date: String,
    calendar: &'static str,
    details: serde_json::Value,
    /// Of their picture, if they have one.
    colors: Option<[[u8; 3]; 3]>,
}

impl Profile {
    fn of(dice: &Dice, number: usize) -> Self {
        const HAIR: [[u8; 3]; 4] = [[38, 32, 30], [62, 44, 36], [92, 62, 44], [24, 24, 32]];
        const CLOTHES: [[u8; 3]; 6] = [
            [58, 98, 150],
            [176, 84, 74],
            [88, 128, 92],
            [222, 206, 170],
            [70, 72, 84],
            [156, 120, 160],
        ];
        const WALLS: [[u8; 3]; 5] = [
            [230, 236, 240],
            [244, 232, 220],
            [222, 234, 222],
            [238, 226, 236],
            [214, 224, 238],
        ];
        // Ages that go together: most of a list is within seven years.
        let (year, month, day) = (
            1988 + dice.below(14),
            1 + dice.below(12),
            1 + dice.below(28),
        );
        let mut details = json!({
            "location": dice.pick(&PLACES), "job": dice.pick(&JOBS),
            "bio": format!("{}\n{}", dice.pick(&BEGINNINGS), dice.pick(&WISHES)),
            "read_receipts": dice.chance(70),
        });
        if dice.chance(65) {
            details["birth_time"] =
                format!("{:02}:{:02}", dice.below(24), 5 * dice.below(12)).into();
        }
        if dice.chance(30) {
            details["preferences"] =
                json!({"min_age": 23 + dice.below(4), "max_age": 38 + dice.below(6)});
        }
        let pictured = number < 2 || dice.chance(60);
        Self {
            gender: ["female", "male"][number % 2],
            birth_date: format!("{year}-{month:02}-{day:02}"),
            calendar: if dice.chance(15) { "lunar" } else { "solar" },
            details,
            colors: pictured.then(|| [dice.pick(&HAIR), dice.pick(&CLOTHES), dice.pick(&WALLS)]),
        }
    }

    /// Signs up, logs in and says who one is.
    async fn join(&self, running: &Running, name: &Name) -> Result<Person, String> {
        let client = running.client();
        let account = json!({
            "email": name.email, "password": PASSWORD, "name": name.full,
            "birth_date": self.birth_date, "calendar": self.calendar, "gender": self.gender,
        });
        let path = "/api/users/register";
        patiently(client.expect("POST", path, None, Some(account))).await?;
        let login = json!({"email": name.email, "password": PASSWORD});
        let path = "/api/users/login";
        let answer = patiently(client.expect("POST", path, None, Some(login))).await?;
        let person = Person::new(client, &name.full, &name.email, &answer);
        let mut details = self.details.clone();
        if let Some(colors) = self.colors {
            let picture = portrait(colors).map_err(|error| error.to_string())?;
            let allowed = person.upload("/api/users/me/photo", picture).await?;
            details["profile_img_url"] = text(&allowed, "url").into();
        }
        person.put("/api/users/me", details).await?;
        Ok(person)
    }
}
