//! Three mornings of rooms, played through the public HTTP API of a stack in memory.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde_json::json;

use crate::{
    client::{Client, connect, text, token_in},
    stack::{Options, Stack},
};

mod leaving;
pub mod market;
pub mod orgs;
pub mod saju;
mod together;
pub mod visits;
mod wishes;

/// The token of the link in the latest mail to somebody.
pub fn mailed_token(stack: &Stack, to: &str) -> Option<String> {
    let mails = stack.mailbox().mails();
    let mail = mails
        .iter()
        .rev()
        .find(|mail| mail.to.iter().any(|other| other == to))?;
    token_in(mail.text.as_deref()?)
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
    connect(&stack.aws_url(), &join).await
}
