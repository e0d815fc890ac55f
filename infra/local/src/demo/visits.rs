//! A visit, from two sign-ups to an appointment, played through the public API of a stack in memory.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{Timestamp, ToSpan as _, civil::Time, tz::TimeZone};
use serde_json::{Value, json};

use super::{Client, mailed_token, text};
use crate::stack::{Options, Stack};

const OPERATOR: (&str, &str) = ("operator@example.com", "a lantern for the operator");
/// The least that is a JPEG.
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";

/// Somebody who plays.
struct Visitor {
    name: &'static str,
    email: &'static str,
    token: String,
}

/// Plays it and shows it.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run() -> Result<(), String> {
    let evening = Timestamp::now()
        .to_zoned(TimeZone::get("Asia/Tokyo").map_err(|error| error.to_string())?)
        .with()
        .time(Time::constant(20, 0, 0, 0))
        .build()
        .map_err(|error| error.to_string())?;
    let mut options = Options::in_memory(evening.timestamp());
    let operators = ("OperatorEmails".to_owned(), OPERATOR.0.to_owned());
    options.parameters.extend([operators]);
    let stack = Stack::start(options).await?;
    let client = Client::new(stack.url());
    let play = Play { stack, client };

    println!("20:00. 花, a student, and 空, an engineer, sign up.");
    let hana = play
        .register("花", "hana@example.com", "student", "縁大学")
        .await?;
    let sora = play
        .register("空", "sora@example.com", "company", "縁製作所")
        .await?;
    let operator = play.operator().await?;

    println!("\nBoth prove who they are; an operator looks at the documents.");
    for visitor in [&hana, &sora] {
        play.verify(visitor, &operator).await?;
    }

    let hours = json!({
        "comment": "配属されて五年の開発者です。",
        "availability": {"weekly": weekdays(), "exceptions": []},
        "shown": {"department": true},
    });
    play.expect("PATCH", "/api/visits/me", &sora, Some(hours))
        .await?;
    let found = play
        .expect("GET", "/api/users?limit=5", &hana, None)
        .await?;
    let card = found.get(0).ok_or("the speaker should be found")?.clone();
    println!("\n花 searches and finds: {card}");
    let speaker_id = text(&card, "speaker_id");

    let from = evening.date().saturating_add(2.days());
    let to = evening.date().saturating_add(6.days());
    let path = format!(
        "/api/users/{speaker_id}/slots?from={from}T00:00:00%2B09:00&to={to}T00:00:00%2B09:00&meeting_length=30"
    );
    let slots = play.expect("GET", &path, &hana, None).await?;
    let starts = strings(&slots["starts"]);
    let [first, .., last] = starts.as_slice() else {
        return Err(format!("there should be free times: {slots}"));
    };
    println!("{} starts are free, from {first} to {last}.", starts.len());

    let request = json!({
        "speaker_id": speaker_id, "message": "仕事の一日について聞かせてください。",
        "meeting_length": 30, "date": first,
    });
    let asked = play
        .expect("POST", "/api/matching", &hana, Some(request))
        .await?;
    let id = text(&asked, "id");
    let path = format!("/api/matching/{id}");
    println!("\n花 asks for {first}: {}", text(&asked, "state"));
    let seen = play.expect("GET", &path, &sora, None).await?;
    println!("空 sees: {seen}");
    let other = json!({"action": "propose", "date": last});
    play.expect("PUT", &path, &sora, Some(other)).await?;
    println!("空 proposes {last} instead.");
    let answer = play
        .expect("PUT", &path, &hana, Some(json!({"action": "accept"})))
        .await?;
    println!("花 accepts: {}", text(&answer, "state"));

    for (visitor, words) in [
        (&sora, "よろしくお願いします。"),
        (&hana, "こちらこそ、楽しみにしています。"),
    ] {
        let message = json!({"matching_id": id, "text": words});
        play.expect("POST", "/api/messages", visitor, Some(message))
            .await?;
    }
    let told = json!({"matching_id": id, "text": "連絡先は hana@example.com です"});
    let (status, _) = play
        .send("POST", "/api/messages", &hana, Some(told))
        .await?;
    println!("\nAn e-mail address in a message before it is paid for: {status}");
    if status != 400 {
        return Err("contact data should be refused before the payment".into());
    }
    let messages = play
        .expect(
            "GET",
            &format!("/api/messages?matching_id={id}"),
            &hana,
            None,
        )
        .await?;
    for message in messages.as_array().into_iter().flatten().rev() {
        println!(
            "  {:>8}: {}",
            text(message, "sender"),
            text(message, "text")
        );
    }

    let booking = json!({"matching_id": id, "date": last, "meeting_length": 30});
    let booked = play
        .expect("POST", "/api/meeting", &hana, Some(booking))
        .await?;
    println!("\nBooked: {booked}");
    play.stack.settle().await;
    for visitor in [&hana, &sora] {
        let notices = play
            .expect("GET", "/api/notifications", visitor, None)
            .await?;
        println!("{} has {} unread notices.", visitor.name, notices["count"]);
    }
    let mails = play.stack.mailbox().mails();
    let appointment = mails
        .iter()
        .rev()
        .find(|mail| mail.to.iter().any(|to| to == sora.email));
    let appointment = appointment.ok_or("空 should have been written to")?;
    println!("空's last mail: {}", appointment.subject);
    let state = play.expect("GET", &path, &hana, None).await?;
    match text(&state, "state").as_str() {
        "scheduled" => Ok(()),
        other => Err(format!("the visit should be scheduled, not {other}")),
    }
}

/// From seven to nine in the evening, Monday to Friday.
fn weekdays() -> Vec<Value> {
    ["monday", "tuesday", "wednesday", "thursday", "friday"]
        .map(|day| json!({"day": day, "from": "19:00", "to": "21:00"}))
        .to_vec()
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

struct Play {
    stack: Stack,
    client: Client,
}

impl Play {
    async fn send(
        &self,
        method: &str,
        path: &str,
        who: &Visitor,
        body: Option<Value>,
    ) -> Result<(u16, Value), String> {
        self.client.send(method, path, Some(&who.token), body).await
    }

    async fn expect(
        &self,
        method: &str,
        path: &str,
        who: &Visitor,
        body: Option<Value>,
    ) -> Result<Value, String> {
        self.client
            .expect(method, path, Some(&who.token), body)
            .await
    }

    /// Signs up, and verifies the address with the mail's link.
    async fn register(
        &self,
        name: &'static str,
        email: &'static str,
        kind: &str,
        affiliation: &str,
    ) -> Result<Visitor, String> {
        let body = json!({
            "name": name, "date_of_birth": "2000-04-02", "phone_number": "090-1234-5678",
            "email": email, "password": "the path to the shrine", "type": kind,
            "affiliation": affiliation, "department": "開発部", "job": "エンジニア",
        });
        let answer = self
            .client
            .expect("POST", "/api/users", None, Some(body))
            .await?;
        let token = text(&answer, "access_token");
        let visitor = Visitor { name, email, token };
        self.prove(&visitor).await?;
        Ok(visitor)
    }

    async fn prove(&self, who: &Visitor) -> Result<(), String> {
        self.stack.settle().await;
        let token = mailed_token(&self.stack, who.email).ok_or("there should be a mail")?;
        let body = json!({"token": token});
        self.expect("POST", "/api/auth/email/verify", who, Some(body))
            .await?;
        Ok(())
    }

    /// The listed address, verified: only then a log-in has the scope.
    async fn operator(&self) -> Result<Visitor, String> {
        let (email, password) = OPERATOR;
        let account = json!({"username": "operator", "email": email, "password": password});
        let answer = self
            .client
            .expect("POST", "/signup", None, Some(account))
            .await?;
        let token = text(&answer, "access_token");
        let operator = Visitor {
            name: "operator",
            email,
            token,
        };
        self.prove(&operator).await?;
        let login = json!({"email": email, "password": password});
        let answer = self
            .client
            .expect("POST", "/login", None, Some(login))
            .await?;
        Ok(Visitor {
            token: text(&answer, "access_token"),
            ..operator
        })
    }

    /// Uploads both documents, hands them in, and has the operator approve them.
    async fn verify(&self, who: &Visitor, operator: &Visitor) -> Result<(), String> {
        let sha256 = digest(&SHA256, PICTURE);
        let sha256: String = sha256
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let card = json!({"content_type": "image/jpeg", "size": PICTURE.len(), "sha256": sha256});
        let cards = json!({"type_card": card, "identity_card": card});
        let allowed = self
            .expect("POST", "/api/certificates", who, Some(cards))
            .await?;
        for card in ["type_card", "identity_card"] {
            self.client.upload(&allowed[card], PICTURE).await?;
        }
        self.expect("POST", "/api/certificates/submit", who, None)
            .await?;
        let me = self.expect("GET", "/api/visits/me", who, None).await?;
        let path = format!("/api/operator/certificates/{}", text(&me, "user_id"));
        self.expect("POST", &format!("{path}/view"), operator, None)
            .await?;
        let body = json!({"decision": "approve"});
        let decided = self.expect("PUT", &path, operator, Some(body)).await?;
        println!("  {}: {}", who.name, text(&decided, "state"));
        Ok(())
    }
}
