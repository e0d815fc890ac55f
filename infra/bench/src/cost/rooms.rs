//! Rooms: enroll, meet, look back.

use enishi_local::client::connect;
use jiff::ToSpan as _;
use serde_json::json;

use super::{
    Meter,
    meter::{Usage, Used},
};
use crate::world::at;

/// What is counted.
pub const MONTH: &str = "Rooms: three mornings a week, each enrolled for by hand, with the evening's and the \
                         morning's letter, half an hour in a room of four, and a look at the rooms so far.";
/// Mornings in a month.
const MORNINGS: f64 = 13.0;
const LENGTH: f64 = 30.0;
const PEOPLE: usize = 16;

/// A month of one person, and a session's renewal.
pub async fn month() -> Result<(Usage, Usage), String> {
    let evening = at("20:00")? - 24.hours();
    let mut meter = Meter::start(evening, |_| {}).await?;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let account = json!({
            "username": format!("p{number}"), "email": format!("p{number}@example.com"),
            "password": "correct horse",
        });
        people.push(
            meter
                .client
                .expect("POST", "/signup", None, Some(account))
                .await?,
        );
    }
    meter.taken().await?;

    renew(&meter, &mut people).await?;
    let renewed = meter.taken().await? * (1.0 / PEOPLE as f64);
    for person in &people {
        let token = person["access_token"].as_str();
        let body = json!({"date": crate::world::MORNING});
        meter
            .client
            .expect("POST", "/register/", token, Some(body))
            .await?;
    }
    meter.at(evening + 1.minute()).await;
    for time in ["08:50", "08:51", "08:56", "09:00"] {
        meter.at(at(time)?).await;
    }
    renew(&meter, &mut people).await?;
    for person in &people {
        let token = person["access_token"].as_str();
        let path = format!(
            "/meeting_url/{}",
            person["user_id"].as_str().unwrap_or_default()
        );
        let ready = meter.client.expect("GET", &path, token, None).await?;
        let room = ready["room_id"].as_str().ok_or("there is no room")?;
        let path = format!("/rooms/{room}/join");
        let join = meter.client.expect("GET", &path, token, None).await?;
        connect(&meter.world.stack.aws_url(), &join).await?;
    }
    for time in ["09:05", "09:30", "09:31"] {
        meter.at(at(time)?).await;
    }
    renew(&meter, &mut people).await?;
    for person in &people {
        let token = person["access_token"].as_str();
        meter.client.expect("GET", "/me/rooms", token, None).await?;
    }
    let mut morning = (meter.taken().await? + renewed) * (1.0 / PEOPLE as f64);
    morning.count(Used::Meeting, LENGTH);
    Ok((morning * MORNINGS, renewed))
}

async fn renew(meter: &Meter, people: &mut [serde_json::Value]) -> Result<(), String> {
    for person in people {
        let spent = json!({"refresh_token": person["refresh_token"]});
        let fresh = meter
            .client
            .expect("POST", "/api/auth/refresh", None, Some(spent))
            .await?;
        for field in ["access_token", "refresh_token"] {
            person[field] = fresh[field].clone();
        }
    }
    Ok(())
}

/// A day on which nobody does anything: what the schedules take.
pub async fn idle() -> Result<Usage, String> {
    let midnight = at("00:00")?;
    let mut meter = Meter::start(midnight, |_| {}).await?;
    meter.taken().await?;
    for minute in 1..=24 * 60 {
        meter.at(midnight + minute.minutes()).await;
    }
    meter.taken().await
}
