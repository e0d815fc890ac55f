//! A match by the four pillars, from the day's recommendations to a chat over the WebSocket, played
//! through the public API of a stack in memory.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use jiff::{Timestamp, civil::Time};
use serde_json::{Value, json};

use super::{Client, mailed_token, text};
use crate::{
    chat_client::{ChatClient, frames},
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
    println!("{POOL} invented people are brought in. 지은 registers, with her lunar birthday.");
    let account = json!({
        "email": "jieun@example.com", "password": "four pillars of a person",
        "name": "지은", "birth_date": "1995-12-16", "calendar": "lunar", "gender": "female",
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

    let time = json!({"birth_time": "07:40"});
    client
        .expect("PUT", "/api/users/me", jieun, Some(time))
        .await?;
    let chart = client.expect("GET", "/api/saju/me", jieun, None).await?;
    show_chart(&chart);
    if chart["solar_birth_date"] != "1996-02-04" {
        return Err(format!(
            "the lunar 16 December 1995 was converted wrongly: {chart}"
        ));
    }
    verify(&stack, &client, jieun, "jieun@example.com").await?;
    println!("Her address is verified: from now on she is recommended to others.");

    let fortune = client
        .expect("GET", "/api/fortune/today", jieun, None)
        .await?;
    println!(
        "\nToday's fortune, {} and {}: {}",
        text(&fortune["ten_god"], "name"),
        text(&fortune["branch_relation"], "name"),
        text(&fortune, "text"),
    );

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

    let wish = json!({"preferences": {"max_age": 40}});
    let wish = client
        .expect("PUT", "/api/users/me", jieun, Some(wish))
        .await?;
    println!(
        "\nNobody above 40 any more, she wishes: from the list of {} on.",
        text(&wish, "preferences_count_from")
    );

    let first = &list[0];
    let partner = people
        .iter()
        .find(|person| person.candidate.user_id.to_string() == text(first, "user_id"))
        .ok_or("somebody was recommended who was not brought in")?;
    let partner_token = import::access_token(&stack, partner).await?;
    let path = format!("/api/matches/{}/profile", partner.candidate.user_id);
    let seen = client.expect("GET", &path, jieun, None).await?;
    println!("She looks at {} ({}).", partner.name, text(&seen, "job"));
    let mut her_frames = frames(&client, &token).await?;
    let mut their_frames = frames(&client, &partner_token).await?;
    let body = json!({"receiver_id": partner.candidate.user_id});
    let asked = client
        .expect("POST", "/api/matches/request", jieun, Some(body))
        .await?;
    println!("\n지은 asks {} for a talk: {asked}", partner.name);
    let told = told(&stack, &mut their_frames, "matchRequest").await?;
    println!("{} is told at once: {told}", partner.name);
    let path = format!("/api/matches/{}/accept", text(&asked, "match_id"));
    let accepted = client
        .expect("POST", &path, Some(&partner_token), None)
        .await?;
    println!("{} accepts: {accepted}", partner.name);
    let frame = self::told(&stack, &mut her_frames, "matchAccepted").await?;
    println!("지은 is told at once: {frame}");
    for token in [token.as_str(), partner_token.as_str()] {
        let body = json!({"read_receipts": true});
        client
            .expect("PUT", "/api/users/me", Some(token), Some(body))
            .await?;
    }

    let chat_id = text(&accepted, "chat_id");
    let chat = |token: &str| {
        let pause = Duration::from_millis(100);
        ChatClient::new(stack.url(), token.to_owned(), chat_id.clone(), pause)
    };
    let mut hers = chat(&token);
    let mut theirs = chat(&partner_token);
    println!("\nBoth open the chat over {}.", stack.live_url());
    talk(&stack, &mut hers, &mut theirs, &partner.name).await?;
    let unread = unread(&client, &partner_token).await?;
    println!(
        "{} has read up to the last connection; unread: {unread}",
        partner.name
    );
    if unread != 2 {
        return Err("two messages should be unread".into());
    }
    until(&stack, &mut theirs, 5).await?;
    let left = theirs.mark_read().await?;
    let frame = loop {
        let frame = self::told(&stack, &mut her_frames, "readReceipt").await?;
        if frame["seq"] == 5 {
            break frame;
        }
    };
    println!("지은 sees how far {} has read: {frame}", partner.name);
    let last = &theirs.messages()[4].content;
    println!("Back again, nothing is lost (the last one: {last}); unread: {left}");
    if left != 0 || hers.messages() != theirs.messages() {
        return Err("both should have read the same five messages".into());
    }
    // Both leave before the stack goes.
    drop((hers, theirs, her_frames, their_frames));
    let_go(&client, jieun, &partner_token, &chat_id).await?;
    while !stack.websocket().connections().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stack.settle().await;
    Ok(())
}

/// One's own chart: a line for each pillar, then the rest.
fn show_chart(chart: &Value) {
    println!(
        "\nHer chart: {} of the {} calendar, which is {} of the solar one, at {}.",
        text(chart, "birth_date"),
        text(chart, "calendar"),
        text(chart, "solar_birth_date"),
        text(chart, "birth_time"),
    );
    for name in ["year", "month", "day", "hour"] {
        let pillar = &chart["pillars"][name];
        let god = |of: &Value| match of["ten_god"]["name"].as_str() {
            Some(god) => god.to_owned(),
            None => "일간".to_owned(),
        };
        let hidden = pillar["branch"]["hidden_stems"].as_array();
        let hidden: Vec<String> = hidden
            .into_iter()
            .flatten()
            .map(|it| format!("{}({})", text(it, "name"), god(it)))
            .collect();
        println!(
            "  {name:<5}  {}  {} / {}  지장간 {}",
            text(pillar, "name"),
            god(&pillar["stem"]),
            god(&pillar["branch"]),
            hidden.join(" "),
        );
    }
    let elements = chart["elements"].as_array();
    let elements: Vec<String> = elements
        .into_iter()
        .flatten()
        .map(|it| format!("{} {}", text(it, "name"), it["count"]))
        .collect();
    println!(
        "  {}, {}\n  {}\n  {}",
        elements.join(", "),
        text(&chart["season"], "name"),
        text(&chart["rules"], "late_night"),
        text(&chart["rules"], "solar_time"),
    );
}

/// Follows the link in the mail.
async fn verify(
    stack: &Stack,
    client: &Client,
    token: Option<&str>,
    email: &str,
) -> Result<(), String> {
    stack.settle().await;
    let proof = mailed_token(stack, email).ok_or("no mail came")?;
    let proof = json!({"token": proof});
    client
        .expect("POST", "/api/auth/email/verify", token, Some(proof))
        .await?;
    stack.settle().await;
    let me = client.expect("GET", "/api/users/me", token, None).await?;
    match me["is_email_verified"] == true {
        true => Ok(()),
        false => Err(format!("the address should be verified: {me}")),
    }
}

/// The next frame of a type that comes to somebody.
async fn told(
    stack: &Stack,
    frames: &mut (impl Stream<Item = Value> + Unpin),
    what: &str,
) -> Result<Value, String> {
    stack.settle().await;
    let next = async {
        loop {
            match frames.next().await {
                Some(frame) if frame["type"] == what => return Ok(frame),
                Some(_) => {}
                None => return Err(format!("the connection ended before {what}")),
            }
        }
    };
    let next = tokio::time::timeout(Duration::from_secs(20), next).await;
    next.map_err(|_| format!("no {what} came"))?
}

/// She lets the match go and hides: neither has the chat any more.
async fn let_go(
    client: &Client,
    jieun: Option<&str>,
    partner: &str,
    chat_id: &str,
) -> Result<(), String> {
    let path = format!("/api/chats/{chat_id}");
    client.expect("DELETE", &path, jieun, None).await?;
    for token in [jieun, Some(partner)] {
        for path in ["/api/chats", "/api/matches"] {
            let list = client.expect("GET", path, token, None).await?;
            if list != json!([]) {
                return Err(format!("an ended match is still there: {list}"));
            }
        }
    }
    println!("\n지은 lets the match go: both have lost the chat, and are not recommended again.");
    let body = json!({"listed": false});
    client
        .expect("PUT", "/api/users/me", jieun, Some(body))
        .await?;
    println!("She hides: nobody is recommended her any more.");
    Ok(())
}

/// Three messages while both are connected, two while one is in a tunnel.
async fn talk(
    stack: &Stack,
    hers: &mut ChatClient,
    theirs: &mut ChatClient,
    partner: &str,
) -> Result<(), String> {
    hers.say("안녕하세요, 오늘의 인연이라니 반가워요.");
    until(stack, hers, 1).await?;
    until(stack, theirs, 1).await?;
    theirs.say("반갑습니다! 저도 그 설명을 재미있게 읽었어요.");
    until(stack, theirs, 2).await?;
    hers.say("주말에 차 한잔 어떠세요?");
    until(stack, hers, 3).await?;
    until(stack, theirs, 3).await?;
    for message in hers.messages() {
        println!("  {}  {}", message.seq, message.content);
    }
    theirs.mark_read().await?;
    println!("{partner}'s connection breaks; 지은 goes on.");
    theirs.cut();
    hers.say("토요일 오후가 좋아요.");
    hers.say("답장 기다릴게요.");
    until(stack, hers, 5).await
}

/// Goes on until a client has so many messages and has sent all of its own.
async fn until(stack: &Stack, client: &mut ChatClient, count: usize) -> Result<(), String> {
    let going = async {
        while client.messages().len() < count || client.unsent() > 0 {
            client.next().await?;
        }
        Ok(())
    };
    let moving = async {
        loop {
            stack.settle().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        done = going => done,
        () = moving => Ok(()),
        () = tokio::time::sleep(Duration::from_secs(20)) => Err("a message did not come".into()),
    }
}

/// The unread count of somebody's first chat.
async fn unread(client: &Client, token: &str) -> Result<u64, String> {
    let chats = client
        .expect("GET", "/api/chats", Some(token), None)
        .await?;
    chats[0]["unread_count"]
        .as_u64()
        .ok_or_else(|| format!("no chat: {chats}"))
}
