//! Visits: look around, ask, agree, pay, meet.

use enishi_local::{
    Options,
    demo::visits::{options, people::Play},
};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    Meter,
    meter::{Usage, Used},
};
use crate::world::sentence;

/// What is counted.
pub const MONTH: &str = "Visits: of a student with the employee's half of it: on six days a search and two of its \
                         people's free times, one visit asked for, agreed on, paid for and held, half an hour for \
                         two, six messages, eight looks at notices and matchings.";
/// Days in a month on which somebody looks in.
pub const DAYS: f64 = 6.0;
const LENGTH: f64 = 30.0;

/// A month of one student, and of whom they visit.
pub async fn month() -> Result<Usage, String> {
    let Options {
        parameters, clock, ..
    } = options()?;
    let mut meter =
        Meter::start(clock.now(), |options| options.parameters.extend(parameters)).await?;
    let play = Play::new(meter.world.stack.clone());
    let mut hana = play
        .register("花", "hana@example.com", "student", "縁大学")
        .await?;
    let mut sora = play
        .register("空", "sora@example.com", "company", "縁製作所")
        .await?;
    let operator = play.operator().await?;
    for visitor in [&hana, &sora] {
        play.verify(visitor, &operator).await?;
    }
    let hours = ["monday", "tuesday", "wednesday", "thursday", "friday"]
        .map(|day| json!({"day": day, "from": "19:00", "to": "21:00"}));
    let hours = json!({"availability": {"weekly": hours, "exceptions": []}});
    play.expect("PATCH", "/api/visits/me", &sora, Some(hours))
        .await?;
    meter.taken().await?;

    let cards = play
        .expect("GET", "/api/users?limit=20", &hana, None)
        .await?;
    let speaker = cards[0]["speaker_id"]
        .as_str()
        .ok_or("nobody is found")?
        .to_owned();
    let today = clock.now().to_zoned(TimeZone::UTC).date();
    let (from, to) = (
        today.saturating_add(2.days()),
        today.saturating_add(9.days()),
    );
    let path = format!(
        "/api/users/{speaker}/slots?from={from}T00:00:00%2B09:00&to={to}T00:00:00%2B09:00&meeting_length=30"
    );
    let mut starts = Value::Null;
    for _ in 0..2 {
        starts = play.expect("GET", &path, &hana, None).await?["starts"].take();
    }
    let day = meter.taken().await?;

    let date = starts[0].as_str().ok_or("there is no free time")?;
    let asked = json!({
        "speaker_id": speaker, "message": "仕事の一日について聞かせてください。", "meeting_length": 30, "date": date,
    });
    let asked = play
        .expect("POST", "/api/matching", &hana, Some(asked))
        .await?;
    let matching = asked["id"]
        .as_str()
        .ok_or("there is no matching")?
        .to_owned();
    let path = format!("/api/matching/{matching}");
    play.expect("PUT", &path, &sora, Some(json!({"action": "accept"})))
        .await?;
    for number in 0..6 {
        let text = json!({"matching_id": matching, "text": "よろしくお願いします。"});
        let writer = if number % 2 == 0 { &hana } else { &sora };
        play.expect("POST", "/api/messages", writer, Some(text))
            .await?;
    }
    let booking = json!({"matching_id": matching, "date": date, "meeting_length": 30});
    play.expect("POST", "/api/meeting", &hana, Some(booking))
        .await?;
    play.pay(&hana, &matching).await?;
    for visitor in [&hana, &sora] {
        for _ in 0..4 {
            play.expect("GET", "/api/notifications", visitor, None)
                .await?;
            play.expect("GET", "/api/matching", visitor, None).await?;
        }
    }
    let start: Timestamp = date.parse().map_err(sentence)?;
    for before in [24.hours(), 1.hour(), 5.minutes()] {
        play.at(start - before).await;
    }
    for visitor in [&mut hana, &mut sora] {
        play.log_in(visitor).await?;
        play.join(visitor, &matching).await?;
    }
    for minute in [30, 35, 40, 45] {
        play.at(start + minute.minutes()).await;
    }
    let mut visit = meter.taken().await?;
    visit.count(Used::Meeting, 2.0 * LENGTH);
    Ok(day * DAYS + visit)
}
