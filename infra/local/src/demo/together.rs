//! A morning on which hardly anybody comes: who is alone is brought to others.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use super::{Client, Person, join, refresh, text};
use crate::stack::Stack;

/// Of each room one person comes.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn play(
    stack: &Stack,
    client: &Client,
    people: &mut [Person],
    date: Date,
    at: &impl Fn(Date, i8, i8) -> Result<Timestamp, String>,
) -> Result<(), String> {
    println!("\n── {date} ─────────────────────────────────────────────");
    for (hour, minute) in [(8, 50), (8, 51), (8, 56), (9, 0)] {
        stack.at(at(date, hour, minute)?).await;
    }
    let mut alone: BTreeMap<String, usize> = BTreeMap::new();
    // The first of them avoids somebody, and would not be brought there.
    for (index, person) in people.iter_mut().enumerate().skip(1) {
        refresh(client, person).await?;
        let room = text(&meeting_url(client, person).await?, "room_id");
        alone.entry(room).or_insert(index);
    }
    for (room, index) in &alone {
        join(stack, client, &people[*index], room).await?;
        println!("09:00  {} is alone in {room}.", people[*index].name);
    }
    stack.settle().await;
    stack.at(at(date, 9, 5)?).await;
    let mut together: Vec<String> = Vec::new();
    for (former, index) in &alone {
        let person = &people[*index];
        let found = meeting_url(client, person).await?;
        let room = text(&found, "room_id");
        if room != *former {
            join(stack, client, person, &room).await?;
        }
        together.push(room);
    }
    stack.settle().await;
    together.dedup();
    let names: Vec<String> = (alone.values().map(|index| people[*index].name.clone())).collect();
    println!(
        "09:05  The schedule brings them together: {} meet in {}.",
        names.join(", "),
        together.join(", ")
    );
    if together.len() != 1 {
        return Err("somebody is alone who could have company".into());
    }
    stack.at(at(date, 9, 31)?).await;
    let met = alone.len();
    for index in alone.into_values() {
        let person = &mut people[index];
        refresh(client, person).await?;
        let token = Some(person.access_token.as_str());
        let history = client.expect("GET", "/me/rooms", token, None).await?;
        let members = history["rooms"][0]["members"].as_array();
        let came = |member: &&Value| member["participate"] == true;
        if members.into_iter().flatten().filter(came).count() != met {
            return Err(format!("{} has another history: {history}", person.name));
        }
    }
    Ok(())
}

async fn meeting_url(client: &Client, person: &Person) -> Result<Value, String> {
    let path = format!("/meeting_url/{}", person.id);
    let token = Some(person.access_token.as_str());
    client.expect("GET", &path, token, None).await
}
