//! Two more mornings of rooms: somebody leaves late and somebody walks in, and then the schedule stands
//! still; beside them a calendar that shows it all.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde_json::{Value, json};

use super::{Client, Person, enroll, join, refresh, text};
use crate::stack::Stack;

/// Leaves after the draw.
const LEAVES: usize = 3;
/// Is told of the room and of what was missed.
const READS: usize = 0;

/// Plays both mornings.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn play(
    stack: &Stack,
    client: &Client,
    people: &mut [Person],
    evening: Date,
    at: &impl Fn(Date, i8, i8) -> Result<Timestamp, String>,
) -> Result<(), String> {
    let slots = client.expect("GET", "/slots", None, None).await?;
    let (third, fourth) = (
        evening.saturating_add(3.days()),
        evening.saturating_add(4.days()),
    );
    println!("\n── {third} ─────────────────────────────────────────────");
    println!(
        "       GET /slots: at {} {}, {} minutes, next {}",
        slots["times"],
        text(&slots, "time_zone"),
        slots["minutes"],
        text(&slots["next"], "starts_at"),
    );
    enroll(client, people, third).await?;
    let token = people[READS].access_token.clone();
    let made = client
        .expect("POST", "/me/calendar", Some(&token), None)
        .await?;
    let url = text(&made, "url");
    println!(
        "       {} has a calendar at {}…",
        people[READS].name,
        &url[..40]
    );

    stack.at(at(third, 8, 50)?).await;
    stack.at(at(third, 8, 57)?).await;
    for person in people.iter_mut() {
        refresh(client, person).await?;
    }
    let leaves = &people[LEAVES];
    let room = room_of(client, leaves).await?;
    let path = format!("/register/{third}");
    client
        .expect("DELETE", &path, Some(&leaves.access_token), None)
        .await?;
    let mut others = BTreeMap::new();
    for (index, person) in people
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != LEAVES)
    {
        others.insert(index, room_of(client, person).await?);
    }
    let sees = others
        .iter()
        .find(|(_, other)| other["room_id"] == room["room_id"]);
    let (_, seen) = sees.ok_or("nobody is left in the room")?;
    println!(
        "08:57  {} withdraws; the others see: {}",
        leaves.name,
        members(seen)
    );

    stack.at(at(third, 9, 1)?).await;
    for person in people.iter_mut() {
        refresh(client, person).await?;
    }
    for (index, other) in &others {
        join(stack, client, &people[*index], &text(other, "room_id")).await?;
    }
    let account = json!({
        "username": "楓", "email": "kaede@example.com", "password": "asagohan-kaede-oishii",
    });
    let signed_up = client
        .expect("POST", "/signup", None, Some(account))
        .await?;
    let walks_in = Person {
        id: text(&signed_up, "user_id"),
        name: "楓".to_owned(),
        refresh_token: text(&signed_up, "refresh_token"),
        access_token: text(&signed_up, "access_token"),
    };
    let body = json!({"date": third.to_string(), "time": "9:00"});
    client
        .expect(
            "POST",
            "/register/",
            Some(&walks_in.access_token),
            Some(body),
        )
        .await?;
    let found = room_of(client, &walks_in).await?;
    println!(
        "09:01  {} walks in where a seat is free: {}",
        walks_in.name,
        members(&found)
    );
    if found["room_id"] != room["room_id"] {
        return Err("the seat that was left is not taken first".into());
    }
    let feed = client.download(&url).await?;
    show(&feed, &["DTSTART", "STATUS", "SUMMARY", "URL"]);

    stack.at(at(third, 9, 31)?).await;
    refresh(client, &mut people[LEAVES]).await?;
    let token = &people[LEAVES].access_token;
    let history = client.expect("GET", "/me/rooms", Some(token), None).await?;
    println!(
        "09:31  Half an absence of three mornings: {} {}",
        people[LEAVES].name, history["rate"]
    );
    if history["rate"] != 83 {
        return Err(format!("a late withdrawal is counted wrongly: {history}"));
    }

    println!("\n── {fourth} ─────────────────────────────────────────────");
    enroll(client, &mut people[READS..=READS], fourth).await?;
    stack.at(at(fourth, 10, 0)?).await;
    stack.settle().await;
    let reader = &mut people[READS];
    refresh(client, reader).await?;
    let list = client
        .expect("GET", "/register/", Some(&reader.access_token), None)
        .await?;
    let mails = stack.mailbox().mails();
    let letter = mails.last().ok_or("nobody was told of the slot")?;
    println!(
        "10:00  The schedule stood still: {}'s enrollment is {}, and a mail says so: {}",
        reader.name,
        text(&list[0], "status"),
        letter.subject,
    );
    show(&client.download(&url).await?, &["DTSTART", "STATUS"]);
    if list[0]["status"] == "missed" {
        Ok(())
    } else {
        Err(format!("what the schedule missed is not told: {list}"))
    }
}

async fn room_of(client: &Client, person: &Person) -> Result<Value, String> {
    let path = format!("/meeting_url/{}", person.id);
    client
        .expect("GET", &path, Some(&person.access_token), None)
        .await
}

fn members(room: &Value) -> String {
    let members = room["members"].as_array().into_iter().flatten();
    let names = members.map(|member| {
        let away = if member["withdrawn"] == true {
            " (withdrawn)"
        } else {
            ""
        };
        format!("{}{away}", text(member, "username"))
    });
    names.collect::<Vec<_>>().join("  ")
}

/// The latest entry of a calendar feed.
fn show(feed: &[u8], properties: &[&str]) {
    let feed = String::from_utf8_lossy(feed);
    let entry = feed.rsplit("BEGIN:VEVENT").next().unwrap_or_default();
    for line in entry.lines() {
        if properties.iter().any(|property| line.starts_with(property)) {
            println!("         {line}");
        }
    }
}
