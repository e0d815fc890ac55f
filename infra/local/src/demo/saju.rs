//! A match by the four pillars, from the day's recommendations to a chat over the WebSocket, played
//! through the public API of a stack in memory.

use jiff::{Timestamp, civil::Time};
use serde_json::{Value, json};

use super::{Client, text};
use crate::{
    import,
    stack::{Options, Stack},
};

/// So many invented people are in the pool.
const POOL: usize = 3_000;

/// Plays it and shows it.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run() -> Result<(), String> {
    let korea = enishi_saju::profile::korea();
    let morning = Timestamp::now()
        .to_zoned(korea)
        .with()
        .time(Time::constant(9, 0, 0, 0))
        .build()
        .map_err(|error| error.to_string())?
        .timestamp();
    let stack = Stack::start(Options::in_memory(morning)).await?;
    let client = Client::new(stack.url());

    let people = import::invent(POOL, 7, morning)?;
    import::people(&stack, &people)?;
    println!("{POOL} invented people are brought in. 지은 registers.");
    let account = json!({
        "email": "jieun@example.com", "password": "four pillars of a person",
        "name": "지은", "birth_date": "1996-02-04", "gender": "female",
    });
    client
        .expect("POST", "/api/users/register", None, Some(account.clone()))
        .await?;
    let login = json!({"email": account["email"], "password": account["password"]});
    let login = client
        .expect("POST", "/api/users/login", None, Some(login))
        .await?;
    let token = text(&login, "access_token");
    let jieun = Some(token.as_str());

    let fortune = client
        .expect("GET", "/api/fortune/today", jieun, None)
        .await?;
    println!("\nToday's fortune: {}", text(&fortune, "text"));

    let list = client
        .expect("GET", "/api/matches/recommendations", jieun, None)
        .await?;
    let list: &Vec<Value> = list.as_array().ok_or("the recommendations are no list")?;
    println!("\nHer recommendations of the day:");
    for person in list {
        println!(
            "  {} ({}, {})  {} of 100",
            text(person, "name"),
            person["age"],
            text(person, "location"),
            person["compatibility_score"],
        );
        for part in person["breakdown"].as_array().into_iter().flatten() {
            println!(
                "      {:>2} of {:>2}  {}  {}",
                part["points"],
                part["max"],
                text(part, "label"),
                text(part, "reason"),
            );
        }
    }
    let again = client
        .expect("GET", "/api/matches/recommendations", jieun, None)
        .await?;
    if list.len() != 5 || again.as_array() != Some(list) {
        return Err("the list of the day should hold five people and stay the same".into());
    }
    Ok(())
}
