//! The third morning: somebody comes every week, and does not meet somebody again.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde_json::json;

use super::{Client, NAMES, Person, refresh, text};
use crate::stack::Stack;

/// Plays the evening before `date`, its draw, and shows what became of both.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub(super) async fn play(
    stack: &Stack,
    client: &Client,
    people: &mut [Person],
    date: Date,
    at: &impl Fn(Date, i8, i8) -> Result<Timestamp, String>,
) -> Result<(), String> {
    println!("\n── {date} ─────────────────────────────────────────────");
    stack.at(at(date.saturating_sub(1.day()), 20, 0)?).await;
    let [me, others @ ..] = people else {
        return Err("nobody is there".into());
    };
    refresh(client, me).await?;
    let token = Some(me.access_token.as_str());
    let days = json!({"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]});
    client
        .expect("PUT", "/me/schedule", token, Some(days))
        .await?;
    let week = dates(client, me).await?;
    println!(
        "20:00  The evening before, {} chooses to come every day: {} to {}.",
        me.name,
        week[0],
        week[week.len() - 1]
    );
    let free = date.saturating_add(2.days()).to_string();
    client
        .expect("DELETE", &format!("/register/{free}"), token, None)
        .await?;
    println!("       On {free} she will not, and withdraws from this one.");

    let rooms = client.expect("GET", "/me/rooms", token, None).await?;
    let met = rooms["rooms"][0]["members"].as_array();
    let met = met.and_then(|members| members.iter().find(|met| met["user_id"] != me.id));
    let (id, name) = match met {
        Some(met) => (text(met, "user_id"), text(met, "username")),
        None => return Err(format!("{} has met nobody: {rooms}", me.name)),
    };
    client
        .expect("PUT", &format!("/me/avoid/{id}"), token, None)
        .await?;
    let named = client.expect("GET", "/me/avoid", token, None).await?;
    println!("       And never again with {name}: {named}. Nobody else learns it.");
    for other in others.iter_mut() {
        refresh(client, other).await?;
        let token = Some(other.access_token.as_str());
        if other.id == id {
            let theirs = client.expect("GET", "/me/avoid", token, None).await?;
            if theirs != json!([]) {
                return Err(format!("{name} learns of it: {theirs}"));
            }
        }
        let body = json!({"date": date.to_string()});
        client
            .expect("POST", "/register/", token, Some(body))
            .await?;
    }

    stack.at(at(date, 0, 0)?).await;
    refresh(client, me).await?;
    let after = dates(client, me).await?;
    println!(
        "00:00  The schedule enrolls for one day more: {}.",
        after[after.len() - 1]
    );
    if after.len() != week.len() || after.contains(&free) {
        return Err(format!("{week:?} without {free} became {after:?}"));
    }
    stack.at(at(date, 8, 50)?).await;
    println!("08:50  The rooms are drawn:");
    let mut rooms: BTreeMap<String, String> = BTreeMap::new();
    for person in people.iter_mut() {
        refresh(client, person).await?;
        let path = format!("/meeting_url/{}", person.id);
        let token = Some(person.access_token.as_str());
        let ready = client.expect("GET", &path, token, None).await?;
        let members = ready["members"].as_array().into_iter().flatten();
        let members: Vec<String> = members.map(|member| text(member, "username")).collect();
        if members.contains(&NAMES[0].to_owned()) && members.contains(&name) {
            return Err(format!("{name} is met again: {ready}"));
        }
        rooms.insert(text(&ready, "room_id"), members.join("  "));
    }
    for (room, members) in rooms {
        println!("         {room}   {members}");
    }
    Ok(())
}

/// The days that somebody is enrolled for, one at least.
async fn dates(client: &Client, person: &Person) -> Result<Vec<String>, String> {
    let token = Some(person.access_token.as_str());
    let list = client.expect("GET", "/register/", token, None).await?;
    let dates = list.as_array().into_iter().flatten();
    let dates = dates.filter(|item| item["status"] == "enrolled");
    let dates: Vec<String> = dates.map(|item| text(item, "date")).collect();
    match dates.is_empty() {
        true => Err(format!("{} is enrolled for no day: {list}", person.name)),
        false => Ok(dates),
    }
}
