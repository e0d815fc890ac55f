//! Guests and mornings: what the tests of rooms share.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use enishi_local::{Options, database::from_json};
use enishi_shared::{
    App,
    token::{Subject, issue},
};
use futures_util::future::join_all;
use http::{Request, header};
use serde_json::{Value, json};

use crate::support::{Answer, MORNING, Person, World, text, tokyo};

/// Somebody with a token. Rooms knows people by their tokens alone: these need no account.
#[derive(Clone, Debug)]
pub struct Guest {
    pub id: String,
    pub name: String,
    operator: bool,
}

impl Guest {
    /// Somebody who has an account.
    pub fn of(person: &Person) -> Self {
        Self {
            id: person.id.clone(),
            name: person.name.clone(),
            operator: false,
        }
    }
}

/// Rooms by their ids, with the names of those in them.
pub type Seating = BTreeMap<String, BTreeSet<String>>;

/// A system and the issuer of its guests' tokens.
pub struct Hall {
    pub world: World,
    issuer: App,
}

impl Hall {
    /// The evening before the first morning.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// [`Hall::new`] with other options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let world = World::with(change).await;
        let issuer = world.app("IdentityLogin", |_| {});
        Self { world, issuer }
    }

    /// [`Hall::new`] with slots every day at `times`, and rooms of `room_size`.
    pub async fn with_slots(times: &[&str], room_size: usize) -> Self {
        let slots = json!({
            "times": times, "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "minutes": 30, "room_size": room_size, "time_zone": "Asia/Tokyo",
        });
        Self::with(|options| {
            options.parameters.insert("Slots".into(), slots.to_string());
        })
        .await
    }

    /// Somebody new.
    pub fn guest(&self, name: &str) -> Guest {
        Guest {
            id: self.issuer.new_id().to_string(),
            name: name.to_owned(),
            operator: false,
        }
    }

    /// `p0`, `p1` and so on.
    pub fn guests(&self, count: usize) -> Vec<Guest> {
        (0..count)
            .map(|number| self.guest(&format!("p{number}")))
            .collect()
    }

    /// An operator.
    pub fn operator(&self) -> Guest {
        Guest {
            operator: true,
            ..self.guest("operator")
        }
    }

    /// A token of the present time.
    pub async fn token(&self, guest: &Guest) -> String {
        let subject = Subject {
            user_id: &guest.id,
            session_id: &guest.id,
            name: &guest.name,
            email: "guest@example.com",
            operator: guest.operator,
        };
        issue(&self.issuer, subject).await.unwrap()
    }

    /// Any request as somebody.
    pub async fn call(
        &self,
        guest: &Guest,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let token = self.token(guest).await;
        self.world.call(method, path, Some(&token), body).await
    }

    /// `GET` as somebody.
    pub async fn get(&self, guest: &Guest, path: &str) -> Answer {
        self.call(guest, "GET", path, None).await
    }

    /// `POST` as somebody.
    pub async fn post(&self, guest: &Guest, path: &str, body: Value) -> Answer {
        self.call(guest, "POST", path, Some(body)).await
    }

    /// `DELETE` as somebody.
    pub async fn delete(&self, guest: &Guest, path: &str) -> Answer {
        self.call(guest, "DELETE", path, None).await
    }

    /// `POST /register/` with an `Idempotency-Key`.
    pub async fn enroll_keyed(&self, guest: &Guest, key: &str, body: &Value) -> Answer {
        let request = Request::post("/register/")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.token(guest).await),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        self.world.send(request).await
    }

    /// `POST /register/` for a day.
    pub async fn enroll(&self, guest: &Guest, date: &str) -> Answer {
        self.post(guest, "/register/", json!({"date": date})).await
    }

    /// Enrolls everybody for a day.
    pub async fn enroll_all(&self, guests: &[Guest], date: &str) {
        for answer in join_all(guests.iter().map(|guest| self.enroll(guest, date))).await {
            answer.expect(201);
        }
    }

    /// `GET /meeting_url/{user_id}` for a day.
    pub async fn meeting_url(&self, guest: &Guest, date: &str) -> Answer {
        let path = format!("/meeting_url/{}?date={date}", guest.id);
        self.get(guest, &path).await
    }

    /// The room somebody is in on a day.
    pub async fn room(&self, guest: &Guest, date: &str) -> String {
        let answer = self.meeting_url(guest, date).await.expect(200);
        assert_eq!(answer.text("status"), "ready", "{}", answer.text);
        answer.text("room_id")
    }

    /// The rooms of `guests` (everybody of that day), as each of them sees theirs. Everybody is in
    /// exactly one, or the test fails: who looks into a room sees just those who see this room, and have not
    /// withdrawn.
    pub async fn seating(&self, guests: &[Guest], date: &str) -> Seating {
        let mut seating = Seating::new();
        let mut views = Vec::new();
        let asked = guests.iter().map(|guest| self.meeting_url(guest, date));
        for (guest, answer) in guests.iter().zip(join_all(asked).await) {
            let answer = answer.expect(200);
            assert_eq!(
                answer.text("status"),
                "ready",
                "{}: {}",
                guest.name,
                answer.text
            );
            let room = answer.text("room_id");
            let members = answer.body["members"].as_array().unwrap();
            let there = members.iter().filter(|member| member["withdrawn"] != true);
            let names: BTreeSet<String> = there
                .clone()
                .map(|member| text(&member["username"]))
                .collect();
            assert_eq!(
                names.len(),
                there.count(),
                "twice in a room: {}",
                answer.text
            );
            let new = seating
                .entry(room.clone())
                .or_default()
                .insert(guest.name.clone());
            assert!(new, "{} is there twice", guest.name);
            views.push((room, names));
        }
        for (room, names) in views {
            assert_eq!(seating[&room], names, "{room}");
        }
        seating
    }

    /// Moves the first morning's clock, fires what is due and settles.
    pub async fn at(&self, time: &str) {
        self.world.at(&format!("{MORNING}T{time}")).await;
    }

    /// Sets the first morning's clock: nothing is fired, no event is delivered.
    pub fn set(&self, time: &str) {
        let time = tokyo(&format!("{MORNING}T{time}"));
        self.world.stack.clock().set(Some(time));
    }

    /// Runs a sweep for the present minute, beside the schedule.
    pub async fn sweep(&self, function: &str) -> Result<Value, String> {
        let tick = json!({"scheduled_time": self.world.stack.clock().now().to_string()});
        self.world.stack.lambda().invoke(function, tick).await
    }

    /// An operator's draw of a day, however early.
    pub async fn draw(&self, date: &str) -> Value {
        let body = json!({"date": date, "confirm": true});
        let answer = self.post(&self.operator(), "/assign_room/", body).await;
        answer.expect(200).body
    }

    /// `GET /rooms/{room_id}/join`.
    pub async fn join(&self, guest: &Guest, room: &str) -> Answer {
        self.get(guest, &format!("/rooms/{room}/join")).await
    }

    /// Joins the room of a day, which must succeed, and connects as a browser would.
    pub async fn connect(&self, guest: &Guest, date: &str) -> Answer {
        let room = self.room(guest, date).await;
        let answer = self.join(guest, &room).await.expect(200);
        self.connected(&answer);
        answer
    }

    /// That a browser can connect with this answer.
    #[track_caller]
    pub fn connected(&self, answer: &Answer) {
        let (meeting, attendee) = (&answer.body["Meeting"], &answer.body["Attendee"]);
        let joined = self.world.stack.chime().join(
            &text(&meeting["MeetingId"]),
            &text(&attendee["AttendeeId"]),
            &text(&attendee["JoinToken"]),
        );
        assert_eq!(joined, Ok(()), "{}", answer.text);
    }

    /// `POST /participated` without a room.
    pub async fn participate(&self, guest: &Guest) {
        self.post(guest, "/participated", json!({}))
            .await
            .expect(200);
    }

    /// Somebody's rate.
    pub async fn rate(&self, guest: &Guest) -> i64 {
        let answer = self.get(guest, "/me/rooms").await.expect(200);
        answer.body["rate"].as_i64().unwrap()
    }

    fn table(&self) -> &str {
        let tables = &self.world.stack.system().tables;
        &tables
            .iter()
            .find(|table| table.logical_id == "RoomsTable")
            .unwrap()
            .name
    }

    /// Puts an item into the service's table, in DynamoDB's JSON.
    pub fn put(&self, item: &Value) {
        let request = from_json(json!({"TableName": self.table(), "Item": item})).unwrap();
        self.world.stack.database().put_item(request).unwrap();
    }

    /// Every item of the service's table, in the order of their keys.
    pub fn dump(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut request = json!({"TableName": self.table()});
        loop {
            let page = self
                .world
                .stack
                .database()
                .scan(from_json(request.clone()).unwrap());
            let page = serde_json::to_value(page.unwrap()).unwrap();
            items.extend(page["Items"].as_array().unwrap().clone());
            if page["LastEvaluatedKey"].is_null() {
                break;
            }
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
        }
        items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
        items
    }
}

/// How many people are in each room, smallest first.
pub fn sizes(seating: &Seating) -> Vec<usize> {
    let mut sizes: Vec<usize> = seating.values().map(BTreeSet::len).collect();
    sizes.sort_unstable();
    sizes
}

/// The path of `Link: <…>; rel="next"`.
pub fn next_page(answer: &Answer) -> Option<String> {
    let link = answer.headers.get(header::LINK)?.to_str().unwrap();
    let path = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"");
    Some(path.unwrap().to_owned())
}
