//! Visits, from the sign-ups to a recording, a refusal, and money that goes back, played through the public
//! API of a stack in memory.

pub mod people;

use jiff::{Timestamp, ToSpan as _, civil::Time, tz::TimeZone};
use serde_json::{Value, json};

use super::text;
use crate::stack::{Options, Stack};
use people::{OPERATOR, Play, Visitor};

/// Plays it and shows it.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run() -> Result<(), String> {
    let stack = Stack::start(options()?).await?;
    play(stack).await
}

/// The stack it is played in: eight in the evening, today.
///
/// # Errors
/// When there is no such time.
pub fn options() -> Result<Options, String> {
    let zone = TimeZone::get("Asia/Tokyo").map_err(|error| error.to_string())?;
    let evening = Timestamp::now().to_zoned(zone).with();
    let evening = evening.time(Time::constant(20, 0, 0, 0)).build();
    let evening = evening.map_err(|error| error.to_string())?;
    let mut options = Options::in_memory(evening.timestamp());
    let operators = ("OperatorEmails".to_owned(), OPERATOR.to_owned());
    let rate = ("VisitYenPerMinute".to_owned(), "55".to_owned());
    options.parameters.extend([operators, rate]);
    Ok(options)
}

/// Plays it in a stack that was started with [`options`].
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn play(stack: Stack) -> Result<(), String> {
    let play = Play::new(stack);

    println!("20:00. 花 and 陽, students, and 空 and 海, engineers, sign up.");
    let mut hana = play
        .register("花", "hana@example.com", "student", "縁大学")
        .await?;
    let mut haru = play
        .register("陽", "haru@example.com", "student", "縁大学")
        .await?;
    let mut sora = play
        .register("空", "sora@example.com", "company", "縁製作所")
        .await?;
    let mut umi = play
        .register("海", "umi@example.com", "company", "縁商店")
        .await?;
    let operator = play.operator().await?;

    println!("\nAll prove who they are; an operator looks at the documents.");
    for visitor in [&hana, &haru, &sora, &umi] {
        let state = play.verify(visitor, &operator).await?;
        println!("  {}: {state}", visitor.name);
    }
    for (speaker, comment) in [
        (&sora, "配属されて五年の開発者です。"),
        (&umi, "小さな会社の話ができます。"),
    ] {
        let hours = json!({
            "comment": comment, "shown": {"department": true},
            "availability": {"weekly": weekdays(), "exceptions": []},
        });
        play.expect("PATCH", "/api/visits/me", speaker, Some(hours))
            .await?;
    }
    let cards = play
        .expect("GET", "/api/users?limit=5", &hana, None)
        .await?;
    let [sora_card, umi_card] = ["縁製作所", "縁商店"].map(|company| {
        let mut cards = cards.as_array().into_iter().flatten();
        cards
            .find(|card| card.to_string().contains(company))
            .cloned()
    });
    let (sora_card, umi_card) = sora_card.zip(umi_card).ok_or("both should be found")?;
    println!("\n花 searches and finds: {sora_card}");
    println!("                  and: {umi_card}");
    let (sora_id, umi_id) = (
        text(&sora_card, "speaker_id"),
        text(&umi_card, "speaker_id"),
    );

    let starts = free(&play, &hana, &sora_id).await?;
    let [first, second, .., last] = starts.as_slice() else {
        return Err("there should be free times".into());
    };
    println!(
        "{} starts of 空's are free, from {first} to {last}.",
        starts.len()
    );

    println!("\n── 花 asks both ───────────────────────────────────────");
    let visit = ask(&play, &hana, &sora_id, (first, 30)).await?;
    let seen = play.expect("GET", &path(&visit), &sora, None).await?;
    println!("空 sees: {seen}");
    update(
        &play,
        &sora,
        &visit,
        json!({"action": "propose", "date": second}),
    )
    .await?;
    println!("空 proposes {second} instead.");
    let state = update(&play, &hana, &visit, json!({"action": "accept"})).await?;
    println!("花 accepts: {state}");
    talk(&play, &visit, &sora, &hana).await?;
    let declined = ask(&play, &hana, &umi_id, (first, 30)).await?;
    let state = update(&play, &umi, &declined, json!({"action": "decline"})).await?;
    println!("海 does not have the time: {state}");
    wants(&state, "declined")?;

    println!("\n── They book and pay ──────────────────────────────────");
    book(&play, &hana, &visit, (second, 30)).await?;
    let absent = ask(&play, &haru, &umi_id, (second, 30)).await?;
    update(&play, &umi, &absent, json!({"action": "accept"})).await?;
    book(&play, &haru, &absent, (second, 30)).await?;
    let halved = ask(&play, &haru, &sora_id, (last, 15)).await?;
    update(&play, &sora, &halved, json!({"action": "accept"})).await?;
    book(&play, &haru, &halved, (last, 15)).await?;
    let mut paid = [0; 3];
    let bookings = [(&hana, &visit), (&haru, &absent), (&haru, &halved)];
    for ((visitor, matching), amount) in bookings.into_iter().zip(&mut paid) {
        *amount = play.pay(visitor, matching).await?;
        let state = state_of(&play, visitor, matching).await?;
        println!("  {} pays ¥{amount}: {state}", visitor.name);
        wants(&state, "paid")?;
    }
    println!(
        "  空's last mail: {}",
        play.last_mail(&sora).unwrap_or_default()
    );

    let start: Timestamp = second
        .parse()
        .map_err(|error| format!("{second}: {error}"))?;
    println!("\n── {second} ───────────────────────────────────");
    play.at(start - 1.hours()).await;
    println!(
        "An hour before: {}",
        play.last_mail(&hana).unwrap_or_default()
    );
    play.at(start - 5.minutes()).await;
    for visitor in [&mut hana, &mut haru, &mut sora, &mut umi] {
        play.log_in(visitor).await?;
    }
    for visitor in [&hana, &sora] {
        let consent = Some(json!({"consent": true}));
        let answer = play
            .expect(
                "PUT",
                &format!("/api/meeting/{visit}/recording"),
                visitor,
                consent,
            )
            .await?;
        println!("{} agrees to the recording: {answer}", visitor.name);
        play.join(visitor, &visit).await?;
    }
    play.join(&haru, &absent).await?;
    println!("花 and 空 are there; 陽 waits for 海, who does not come.");
    println!(
        "{} meetings are open.",
        play.stack.chime().live_meetings().len()
    );
    for minute in 35..=45 {
        play.at(start + minute.minutes()).await;
    }
    println!(
        "After the end {} meetings are open.",
        play.stack.chime().live_meetings().len()
    );
    if !play.stack.chime().live_meetings().is_empty() {
        return Err("no meeting should be open any more".into());
    }
    for visitor in [&mut hana, &mut haru] {
        play.log_in(visitor).await?;
    }
    let done = play.expect("GET", &path(&visit), &hana, None).await?;
    wants(&text(&done, "state"), "done")?;
    let audio = text(&done, "audio_url");
    if audio.is_empty() {
        return Err(format!("the recording should be there: {done}"));
    }
    let file = play.download(&audio).await?;
    println!(
        "花's visit is done; the recording, {} KB: {}…",
        file.len() / 1024,
        short(&audio)
    );
    if file.get(4..8).is_none_or(|kind| kind != b"ftyp") {
        return Err("the recording should be an MP4 file".into());
    }
    let state = state_of(&play, &haru, &absent).await?;
    println!(
        "海 never came: {state}; {}",
        play.last_mail(&haru).unwrap_or_default()
    );
    wants(&state, "refunded")?;

    let start: Timestamp = last.parse().map_err(|error| format!("{last}: {error}"))?;
    play.at(start - 24.hours() + 1.second()).await;
    play.log_in(&mut haru).await?;
    let state = update(&play, &haru, &halved, json!({"action": "cancel"})).await?;
    play.stack.settle().await;
    println!("\nLess than a day before the other visit 陽 cancels it: {state}");
    wants(&state, "refunded")?;

    sums(&play, paid)
}

/// What was paid, what went back and what is left: here, and at Stripe.
fn sums(play: &Play, [whole, none, half]: [u64; 3]) -> Result<(), String> {
    // An odd yen goes to the payer.
    let rows = [
        ("took place", whole, 0),
        ("the speaker never came", none, none),
        ("cancelled late", half, half.div_ceil(2)),
    ];
    println!("\n{:>24} {:>8} {:>8} {:>8}", "", "paid", "back", "kept");
    for (what, paid, back) in rows {
        println!("{what:>24} {paid:>8} {back:>8} {:>8}", paid - back);
    }
    let sum = |column: fn(&(&str, u64, u64)) -> u64| rows.iter().map(column).sum::<u64>();
    let (paid, back) = (sum(|row| row.1), sum(|row| row.2));
    let balance = play.stack.stripe().balance();
    println!(
        "{:>24} {:>8} {:>8} {:>8}",
        "at Stripe", balance.paid, balance.refunded, balance.platform
    );
    let told = [balance.paid, balance.refunded].map(u64::try_from);
    match told == [Ok(paid), Ok(back)] {
        true => Ok(()),
        false => Err(format!("paid {paid} and {back} back is what it should be")),
    }
}

fn path(matching: &str) -> String {
    format!("/api/matching/{matching}")
}

fn short(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

fn wants(state: &str, wanted: &str) -> Result<(), String> {
    match state == wanted {
        true => Ok(()),
        false => Err(format!("the visit should be {wanted}, not {state}")),
    }
}

/// When a visit of half an hour to somebody can begin in the next days.
async fn free(play: &Play, who: &Visitor, speaker_id: &str) -> Result<Vec<String>, String> {
    let today = play.stack.clock().now().to_zoned(TimeZone::UTC).date();
    let (from, to) = (
        today.saturating_add(2.days()),
        today.saturating_add(9.days()),
    );
    let path = format!(
        "/api/users/{speaker_id}/slots?from={from}T00:00:00%2B09:00&to={to}T00:00:00%2B09:00&meeting_length=30"
    );
    let slots = play.expect("GET", &path, who, None).await?;
    let starts = slots["starts"].as_array().into_iter().flatten();
    Ok(starts
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect())
}

/// Asks for a visit; answers which matching it is.
async fn ask(
    play: &Play,
    who: &Visitor,
    speaker_id: &str,
    (date, minutes): (&str, u16),
) -> Result<String, String> {
    let request = json!({
        "speaker_id": speaker_id, "message": "仕事の一日について聞かせてください。",
        "meeting_length": minutes, "date": date,
    });
    let asked = play
        .expect("POST", "/api/matching", who, Some(request))
        .await?;
    println!(
        "{} asks for {minutes} minutes, {date}: {}",
        who.name,
        text(&asked, "state")
    );
    Ok(text(&asked, "id"))
}

async fn update(play: &Play, who: &Visitor, matching: &str, body: Value) -> Result<String, String> {
    let updated = play.expect("PUT", &path(matching), who, Some(body)).await?;
    Ok(text(&updated, "state"))
}

async fn state_of(play: &Play, who: &Visitor, matching: &str) -> Result<String, String> {
    let found = play.expect("GET", &path(matching), who, None).await?;
    Ok(text(&found, "state"))
}

async fn book(
    play: &Play,
    who: &Visitor,
    matching: &str,
    (date, minutes): (&str, u16),
) -> Result<(), String> {
    let booking = json!({"matching_id": matching, "date": date, "meeting_length": minutes});
    let booked = play
        .expect("POST", "/api/meeting", who, Some(booking))
        .await?;
    play.stack.settle().await;
    println!("  booked: {booked}");
    Ok(())
}

/// They write to each other; contact data is refused before the payment.
async fn talk(
    play: &Play,
    matching: &str,
    speaker: &Visitor,
    listener: &Visitor,
) -> Result<(), String> {
    for (visitor, words) in [
        (speaker, "よろしくお願いします。"),
        (listener, "こちらこそ、楽しみにしています。"),
    ] {
        let message = json!({"matching_id": matching, "text": words});
        play.expect("POST", "/api/messages", visitor, Some(message))
            .await?;
    }
    let told = json!({"matching_id": matching, "text": "連絡先は hana@example.com です"});
    let (status, _) = play
        .send("POST", "/api/messages", listener, Some(told))
        .await?;
    println!("An e-mail address in a message before it is paid for: {status}");
    if status != 400 {
        return Err("contact data should be refused before the payment".into());
    }
    let list = format!("/api/messages?matching_id={matching}");
    let messages = play.expect("GET", &list, listener, None).await?;
    for message in messages.as_array().into_iter().flatten().rev() {
        println!(
            "  {:>8}: {}",
            text(message, "sender"),
            text(message, "text")
        );
    }
    Ok(())
}

/// From seven to nine in the evening, Monday to Friday.
fn weekdays() -> Vec<Value> {
    ["monday", "tuesday", "wednesday", "thursday", "friday"]
        .map(|day| json!({"day": day, "from": "19:00", "to": "21:00"}))
        .to_vec()
}
