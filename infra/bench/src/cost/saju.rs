//! Saju: the day's list, requests, a match, its chat.

use enishi_local::{chat_client::frames, import};
use enishi_saju::profile::Gender;
use jiff::ToSpan as _;
use serde_json::json;

use super::{
    Meter,
    meter::{Usage, Used},
};
use crate::world::at;

/// What is counted.
pub const MONTH: &str = "Saju: on twenty days the list, the fortune, the requests and ten minutes on the live \
                         connection; four requests and four profiles, one match, 100 messages written and read.";
/// Days in a month on which somebody looks in.
pub const DAYS: f64 = 20.0;
const POOL: usize = 2_000;
/// Days that are played.
const PLAYED: i64 = 4;
const REQUESTS: f64 = 4.0;
const MESSAGES: f64 = 100.0;
/// Messages that are played.
const WRITTEN: usize = 20;

/// A month of one person.
pub async fn month() -> Result<Usage, String> {
    let morning = at("08:50")?;
    let mut meter = Meter::start(morning, |_| {}).await?;
    let people = import::invent(POOL, 7, morning)?;
    import::people(&meter.world.stack, &people)?;
    let mut women = people
        .iter()
        .filter(|one| one.candidate.gender == Gender::Female);
    let me = women.next().ok_or("nobody is there")?;
    meter.taken().await?;

    let mut listed = Vec::new();
    for day in 0..PLAYED {
        meter.at(morning + (24 * day).hours()).await;
        let token = import::access_token(&meter.world.stack, me).await?;
        let token = Some(token.as_str());
        let path = "/api/matches/recommendations";
        listed = meter
            .client
            .expect("GET", path, token, None)
            .await?
            .as_array()
            .cloned()
            .unwrap_or_default();
        meter
            .client
            .expect("GET", "/api/fortune/today", token, None)
            .await?;
        meter
            .client
            .expect("GET", "/api/matches", token, None)
            .await?;
        meter
            .client
            .expect("GET", "/api/chats", token, None)
            .await?;
    }
    let day = meter.taken().await? * (1.0 / PLAYED as f64);

    let mine = import::access_token(&meter.world.stack, me).await?;
    let first = listed.first().ok_or("nobody is recommended")?;
    let partner = people
        .iter()
        .find(|one| first["user_id"] == one.candidate.user_id.to_string());
    let partner = partner.ok_or("a stranger is recommended")?;
    let theirs = import::access_token(&meter.world.stack, partner).await?;
    let here = frames(&meter.client, &mine).await?;
    let mut live = meter.taken().await?;
    live.count(Used::Connection, 10.0);
    let there = frames(&meter.client, &theirs).await?;
    meter.taken().await?;

    let path = format!("/api/matches/{}/profile", partner.candidate.user_id);
    meter.client.expect("GET", &path, Some(&mine), None).await?;
    let body = json!({"receiver_id": partner.candidate.user_id});
    let asked = meter
        .client
        .expect("POST", "/api/matches/request", Some(&mine), Some(body))
        .await?;
    let request = meter.taken().await?;
    let path = format!(
        "/api/matches/{}/accept",
        asked["match_id"].as_str().unwrap_or_default()
    );
    let accepted = meter
        .client
        .expect("POST", &path, Some(&theirs), None)
        .await?;
    let accept = meter.taken().await?;

    let chat = format!(
        "/api/chats/{}",
        accepted["chat_id"].as_str().unwrap_or_default()
    );
    for number in 0..WRITTEN {
        let body =
            json!({"content": "주말에 차 한잔 어떠세요?", "client_msg_id": number.to_string()});
        let path = format!("{chat}/messages");
        let sent = meter
            .client
            .expect("POST", &path, Some(&mine), Some(body))
            .await?;
        let body = json!({"seq": sent["seq"]});
        meter
            .client
            .expect("POST", &format!("{chat}/read"), Some(&theirs), Some(body))
            .await?;
    }
    let message = meter.taken().await? * (1.0 / WRITTEN as f64);
    drop((here, there));
    Ok((day + live) * DAYS + request * REQUESTS + accept + message * MESSAGES)
}
