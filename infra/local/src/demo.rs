//! Three mornings of rooms, played through the public HTTP API of a stack in memory.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use crate::stack::{Options, Stack};

mod leaving;
pub mod market;
pub mod orgs;
mod picture;
pub mod saju;
mod together;
pub mod visits;
mod wishes;

/// A client of the API that speaks JSON.
#[derive(Clone)]
pub struct Client {
    base: String,
    client: HyperClient<HttpConnector, Full<Bytes>>,
}

/// What is said about a file before it is uploaded.
fn declared(content_type: &str, file: &[u8]) -> Value {
    let sha256: String = digest(&SHA256, file)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"content_type": content_type, "size": file.len(), "sha256": sha256})
}

impl Client {
    /// A client of the server at `base`, `http://127.0.0.1:3000`.
    pub fn new(base: String) -> Self {
        Self {
            base,
            client: HyperClient::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Sends a request; answers the status and the body, a string where it is no JSON.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<(u16, Value), String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(body));
        self.request(request.map_err(|error| error.to_string())?)
            .await
    }

    /// Uploads a file where it is allowed to (`upload_url`, with its `headers`).
    ///
    /// # Errors
    /// When the server does not answer, or does not take it.
    pub async fn upload(&self, allowed: &Value, file: impl Into<Bytes>) -> Result<(), String> {
        let mut request = Request::put(text(allowed, "upload_url"));
        for (name, value) in allowed["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let request = request.body(Full::new(file.into()));
        let request = request.map_err(|error| error.to_string())?;
        match self.request(request).await? {
            (200, _) => Ok(()),
            (status, answer) => Err(format!("an upload was answered {status}: {answer}")),
        }
    }

    /// Fetches a file.
    ///
    /// # Errors
    /// When the server does not answer, or has none.
    pub async fn download(&self, url: &str) -> Result<Bytes, String> {
        let request = Request::get(url).body(Full::default());
        match self
            .answer(request.map_err(|error| error.to_string())?)
            .await?
        {
            (200, file) => Ok(file),
            (status, _) => Err(format!("a download was answered {status}")),
        }
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), String> {
        let response = self.client.request(request).await;
        let response = response.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
    }

    async fn request(&self, request: Request<Full<Bytes>>) -> Result<(u16, Value), String> {
        let (status, body) = self.answer(request).await?;
        let text = String::from_utf8_lossy(&body);
        Ok((
            status,
            serde_json::from_str(&text).unwrap_or_else(|_| text.as_ref().into()),
        ))
    }

    /// Presses a button of one of Stripe's pages.
    ///
    /// # Errors
    /// When the page does not lead on.
    pub async fn press(&self, page: &str, button: &str) -> Result<(), String> {
        let request = Request::post(page)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(format!("do={button}"))));
        let request = request.map_err(|error| error.to_string())?;
        match self.request(request).await? {
            (300..400, _) => Ok(()),
            (status, answer) => Err(format!("Stripe's page answered {status}: {answer}")),
        }
    }

    /// Sends a request that is expected to succeed.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn expect(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let (status, answer) = self.send(method, path, token, body).await?;
        if (200..300).contains(&status) {
            Ok(answer)
        } else {
            Err(format!("{method} {path} answered {status}: {answer}"))
        }
    }
}

/// The token of the link in the latest mail to somebody.
pub fn mailed_token(stack: &Stack, to: &str) -> Option<String> {
    let mails = stack.mailbox().mails();
    let mail = mails
        .iter()
        .rev()
        .find(|mail| mail.to.iter().any(|other| other == to))?;
    let text = mail.text.as_deref()?;
    let token = text.split("token=").nth(1)?;
    let end = token
        .find(|char: char| !char.is_ascii_alphanumeric() && char != '-' && char != '_')
        .unwrap_or(token.len());
    Some(token[..end].to_owned())
}

/// Tomorrow, where the slots are.
pub fn tomorrow(now: Timestamp) -> Date {
    let today = now.to_zoned(tokyo()).date();
    today.saturating_add(1.day())
}

fn tokyo() -> TimeZone {
    TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC)
}

const NAMES: [&str; 12] = [
    "葵", "陽菜", "凛", "結衣", "紬", "杏", "蓮", "湊", "樹", "颯太", "悠真", "朝陽",
];
/// Stays away on the first morning.
const ABSENT: usize = 6;

struct Person {
    id: String,
    name: String,
    refresh_token: String,
    access_token: String,
}

/// Plays three mornings and shows them.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run() -> Result<(), String> {
    let evening = Timestamp::now().to_zoned(tokyo()).date();
    let at = |date: Date, hour: i8, minute: i8| -> Result<Timestamp, String> {
        tokyo()
            .to_timestamp(date.at(hour, minute, 0, 0))
            .map_err(|error| error.to_string())
    };
    let mut options = Options::in_memory(at(evening, 20, 0)?);
    // Twelve people share this machine's address.
    options
        .parameters
        .insert("RegisterRate".into(), "100/1h".into());
    let stack = Stack::start(options).await?;
    let client = Client::new(stack.url());

    println!("20:00, the evening before. Twelve people sign up and enroll for 9 o'clock.");
    let mut people = Vec::new();
    for (index, name) in NAMES.into_iter().enumerate() {
        let account = json!({
            "username": name,
            "email": format!("person{index}@example.com"),
            "password": format!("asagohan-{index}-oishii"),
        });
        let answer = client
            .expect("POST", "/signup", None, Some(account))
            .await?;
        people.push(Person {
            id: text(&answer, "user_id"),
            name: name.to_owned(),
            refresh_token: text(&answer, "refresh_token"),
            access_token: text(&answer, "access_token"),
        });
    }
    stack.settle().await;

    let mut met: BTreeMap<(String, String), u32> = BTreeMap::new();
    for morning in 1..=2_i64 {
        let date = evening.saturating_add(morning.days());
        enroll(&client, &mut people, date).await?;
        if morning == 1 {
            stack.at(at(evening, 20, 1)?).await;
            let sent = letters(&stack);
            println!("20:01  The schedule reminds them: {sent} letters.");
        }
        let absent = (morning == 1).then_some(ABSENT);
        play(&stack, &client, &mut people, date, absent, &mut met, &at).await?;
    }

    let repeated: u32 = met.values().map(|times| times - 1).sum();
    println!(
        "\nTwelve people in rooms of four: three pairs at least must meet again; {repeated} did."
    );
    if repeated != 3 {
        return Err("the second morning repeats more pairs than it must".into());
    }
    leaving::play(&stack, &client, &mut people, evening, &at).await?;
    let date = evening.saturating_add(5.days());
    wishes::play(&stack, &client, &mut people, date, &at).await?;
    let date = evening.saturating_add(6.days());
    enroll(&client, &mut people, date).await?;
    together::play(&stack, &client, &mut people, date, &at).await
}

/// How many letters were sent that one click ends.
fn letters(stack: &Stack) -> usize {
    let mails = stack.mailbox().mails();
    mails.iter().filter(|mail| !mail.headers.is_empty()).count()
}

async fn enroll(client: &Client, people: &mut [Person], date: Date) -> Result<(), String> {
    for person in people.iter_mut() {
        refresh(client, person).await?;
        let body = json!({"date": date.to_string()});
        client
            .expect("POST", "/register/", Some(&person.access_token), Some(body))
            .await?;
    }
    Ok(())
}

/// An access token lives for fifteen minutes, a demo's night is longer.
async fn refresh(client: &Client, person: &mut Person) -> Result<(), String> {
    let body = json!({"refresh_token": person.refresh_token});
    let answer = client
        .expect("POST", "/api/auth/refresh", None, Some(body))
        .await?;
    person.refresh_token = text(&answer, "refresh_token");
    person.access_token = text(&answer, "access_token");
    Ok(())
}

async fn play(
    stack: &Stack,
    client: &Client,
    people: &mut [Person],
    date: Date,
    absent: Option<usize>,
    met: &mut BTreeMap<(String, String), u32>,
    at: &impl Fn(Date, i8, i8) -> Result<Timestamp, String>,
) -> Result<(), String> {
    println!("\n── {date} ─────────────────────────────────────────────");
    stack.at(at(date, 8, 49)?).await;
    refresh(client, &mut people[0]).await?;
    let path = format!("/meeting_url/{}", people[0].id);
    let answer = client
        .expect("GET", &path, Some(&people[0].access_token), None)
        .await?;
    println!(
        "08:49  {} asks for the room: {}",
        people[0].name,
        text(&answer, "status")
    );

    stack.at(at(date, 8, 50)?).await;
    println!("08:50  The schedule draws the rooms.");
    let before = letters(stack);
    stack.at(at(date, 8, 51)?).await;
    println!(
        "08:51  The schedule tells everybody where and whom they meet: {} letters, and a frame to whoever \
         is connected.",
        letters(stack) - before
    );
    stack.at(at(date, 8, 56)?).await;
    println!(
        "08:56  The schedule opens {} meetings.",
        stack.chime().live_meetings().len()
    );

    stack.at(at(date, 9, 0)?).await;
    let mut rooms: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for (index, person) in people.iter_mut().enumerate() {
        refresh(client, person).await?;
        let path = format!("/meeting_url/{}", person.id);
        let ready = client
            .expect("GET", &path, Some(&person.access_token), None)
            .await?;
        let room = text(&ready, "room_id");
        let comes = absent != Some(index);
        if comes {
            join(stack, client, person, &room).await?;
        }
        rooms
            .entry(room)
            .or_default()
            .push((person.name.clone(), comes));
    }
    stack.settle().await;
    println!("09:00  They fetch their URL and join; ○ is there, × stays away.");
    for (room, members) in &rooms {
        let members: Vec<String> = members
            .iter()
            .map(|(name, comes)| format!("{name}{}", if *comes { "○" } else { "×" }))
            .collect();
        println!("         {room}   {}", members.join("  "));
    }
    for members in rooms.values() {
        let names: BTreeSet<&String> = members.iter().map(|(name, _)| name).collect();
        for one in &names {
            for other in names.iter().filter(|other| one < *other) {
                let pair = ((*one).clone(), (**other).clone());
                *met.entry(pair).or_default() += 1;
            }
        }
    }

    stack.at(at(date, 9, 31)?).await;
    println!(
        "09:30  The slot closes; {} meetings are left.",
        stack.chime().live_meetings().len()
    );
    let mut rates = Vec::new();
    for (index, person) in people.iter_mut().enumerate() {
        refresh(client, person).await?;
        let answer = client
            .expect("GET", "/me/rooms", Some(&person.access_token), None)
            .await?;
        let rate = answer["rate"].as_u64().unwrap_or_default();
        let came = absent != Some(index);
        let noted = answer["rooms"][0]["participate"] == json!(came);
        if !noted {
            return Err(format!(
                "{}'s presence was noted wrongly: {answer}",
                person.name
            ));
        }
        rates.push(format!("{} {rate}", person.name));
    }
    println!("       Rates: {}", rates.join(", "));
    Ok(())
}

/// What the front end does: join, connect, and say so.
async fn join(stack: &Stack, client: &Client, person: &Person, room: &str) -> Result<(), String> {
    let token = Some(person.access_token.as_str());
    let join = client
        .expect("GET", &format!("/rooms/{room}/join"), token, None)
        .await?;
    connect(stack, &join).await
}

/// Connects the audio, as a browser does with what it was answered.
///
/// # Errors
/// A sentence with what was answered instead.
pub async fn connect(stack: &Stack, join: &Value) -> Result<(), String> {
    let path = format!(
        "/_enishi/meetings/{}/{}/join",
        text(&join["Meeting"], "MeetingId"),
        text(&join["Attendee"], "AttendeeId"),
    );
    let body = json!({"JoinToken": join["Attendee"]["JoinToken"]});
    let browser = Client::new(stack.aws_url());
    browser.expect("POST", &path, None, Some(body)).await?;
    Ok(())
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
