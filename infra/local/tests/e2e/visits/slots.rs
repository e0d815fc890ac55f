//! When employees have time, and `GET /api/users/{speaker_id}/slots`.

use enishi_local::import;
use enishi_visits::busy::busy_key;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::matched::{suspend, two};
use super::{change, me, register, stored, verify};
use crate::support::{Answer, Person, World, text};

/// Always, for a week.
fn always() -> Value {
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let weekly: Vec<_> = (days.iter())
        .map(|day| json!({"day": day, "from": "00:00", "to": "24:00"}))
        .collect();
    json!({"availability": {"weekly": weekly}})
}

async fn known_by(world: &World, person: &Person) -> String {
    stored(world, person).await.visitor_id.to_string()
}

async fn slots(world: &World, by: &Person, speaker: &str, from: &str, to: &str) -> Answer {
    let path = format!("/api/users/{speaker}/slots?from={from}&to={to}&meeting_length=30");
    world.get(by, &path).await
}

async fn starts(world: &World, by: &Person, speaker: &str, from: &str, to: &str) -> Vec<String> {
    let answer = slots(world, by, speaker, from, to).await.expect(200);
    answer.body["starts"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect()
}

fn book(world: &World, person: &Person, start: &str) {
    let place = busy_key(person.id.parse().unwrap(), start.parse().unwrap());
    let busy = json!({"matching_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50"});
    import::items(&world.stack, "VisitsTable", [(place, busy)]).unwrap();
}

#[tokio::test]
async fn one_says_when_one_has_time() {
    let world = World::new().await;
    let sora = register(&world, "sora", "company").await;
    let none = json!({"weekly": [], "exceptions": []});
    assert_eq!(me(&world, &sora).await["availability"], none);
    let weekly = json!([{"day": "monday", "from": "09:00", "to": "24:00"}]);
    let exceptions = json!([
        {"date": "2026-12-24", "available": []},
        {"date": "2026-12-25", "available": [{"from": "10:15", "to": "11:00"}]},
    ]);
    let body = json!({"availability": {"weekly": weekly}});
    let answer = change(&world, &sora, body).await.expect(200);
    let expected = json!({"weekly": weekly, "exceptions": []});
    assert_eq!(answer.body["availability"], expected);
    // What is left out stays.
    let body = json!({"availability": {"exceptions": exceptions}});
    change(&world, &sora, body).await.expect(200);
    let expected = json!({"weekly": weekly, "exceptions": exceptions});
    assert_eq!(me(&world, &sora).await["availability"], expected);
    for (wrong, field) in [
        (json!(null), "availability"),
        (json!({"weekly": null}), "availability.weekly"),
        (
            json!({"weekly": [{"day": "monday", "from": "09:00", "to": "09:00"}]}),
            "availability.weekly[0].to",
        ),
        (
            json!({"weekly": [{"day": "monday", "from": "09:10", "to": "10:00"}]}),
            "availability.weekly[0].from",
        ),
        (
            json!({"exceptions": [{"date": "2026-12-32", "available": []}]}),
            "availability.exceptions[0].date",
        ),
        (
            json!({"exceptions": [{"date": "2026-12-24", "available": [
                {"from": "09:00", "to": "11:00"}, {"from": "10:00", "to": "12:00"},
            ]}]}),
            "availability.exceptions[0].available",
        ),
    ] {
        let answer = change(&world, &sora, json!({"availability": wrong})).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    assert_eq!(me(&world, &sora).await["availability"], expected);
}

#[tokio::test]
async fn a_student_sees_when_both_are_free() {
    let world = World::new().await;
    let (sora, hana) = two(&world).await;
    let speaker = known_by(&world, &sora).await;
    let week = ("2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z");
    let found = starts(&world, &hana, &speaker, week.0, week.1).await;
    assert_eq!(found, [""; 0]);
    let body = json!({"availability": {
        "weekly": [{"day": "monday", "from": "18:00", "to": "19:00"}],
        "exceptions": [{"date": "2026-11-27", "available": [{"from": "08:00", "to": "08:30"}]}],
    }});
    change(&world, &sora, body).await.expect(200);
    // In Tokyo.
    let monday = [
        "2026-11-23T09:00:00Z",
        "2026-11-23T09:15:00Z",
        "2026-11-23T09:30:00Z",
    ];
    let friday = "2026-11-26T23:00:00Z";
    let found = starts(&world, &hana, &speaker, week.0, week.1).await;
    assert_eq!(found, [monday[0], monday[1], monday[2], friday]);
    // Whichever of the two has an appointment then.
    book(&world, &sora, "2026-11-23T09:00:00Z");
    let found = starts(&world, &hana, &speaker, week.0, week.1).await;
    assert_eq!(found, [monday[1], monday[2], friday]);
    book(&world, &hana, "2026-11-26T23:15:00Z");
    book(&world, &hana, "2026-11-23T09:15:00Z");
    let found = starts(&world, &hana, &speaker, week.0, week.1).await;
    assert_eq!(found, [monday[2]]);
    // At where the range ends too, and in another zone.
    let found = starts(&world, &hana, &speaker, week.0, monday[2]).await;
    assert_eq!(found, [""; 0]);
    let body = json!({"time_zone": "Europe/Berlin"});
    change(&world, &sora, body).await.expect(200);
    let found = starts(&world, &hana, &speaker, week.0, week.1).await;
    assert_eq!(found[0], "2026-11-23T17:00:00Z");
}

#[tokio::test]
async fn starts_are_three_hours_to_sixty_days_ahead() {
    let world = World::new().await;
    let (sora, hana) = two(&world).await;
    change(&world, &sora, always()).await.expect(200);
    let speaker = known_by(&world, &sora).await;
    let now: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
    assert_eq!(world.stack.clock().now(), now);
    let (past, soon) = ("2026-11-20T00:00:00Z", "2026-11-20T14:31:00Z");
    let found = starts(&world, &hana, &speaker, past, soon).await;
    let expected = [
        "2026-11-20T14:00:00Z",
        "2026-11-20T14:15:00Z",
        "2026-11-20T14:30:00Z",
    ];
    assert_eq!(found, expected);
    let late = starts(
        &world,
        &hana,
        &speaker,
        "2027-01-19T10:46:00Z",
        "2027-01-29T00:00:00Z",
    );
    assert_eq!(late.await, ["2027-01-19T11:00:00Z"]);
    let years = ("2036-01-01T00:00:00Z", "2036-01-02T00:00:00Z");
    let found = starts(&world, &hana, &speaker, years.0, years.1).await;
    assert_eq!(found, [""; 0]);
    let fortnight = (now + SignedDuration::from_hours(14 * 24)).to_string();
    let all = starts(&world, &hana, &speaker, "2026-11-20T11:00:00Z", &fortnight);
    assert_eq!(all.await.len(), 14 * 96 - 12);
    for (query, field) in [
        (
            "to=2026-11-21T00:00:00Z&meeting_length=30",
            "from: missing_field",
        ),
        (
            "from=2026-11-21T00:00:00Z&meeting_length=30",
            "to: missing_field",
        ),
        (
            "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z",
            "meeting_length: missing_field",
        ),
        (
            "from=2026-11-21T00:00:00Z&to=2026-11-21T00:00:00Z&meeting_length=30",
            "to: invalid",
        ),
        (
            "from=2026-11-21T00:00:00Z&to=2026-12-05T00:00:01Z&meeting_length=30",
            "to: invalid",
        ),
        (
            "from=x&to=2026-12-05T00:00:00Z&meeting_length=30",
            "from: invalid",
        ),
        (
            "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z&meeting_length=20",
            "meeting_length: invalid",
        ),
        (
            "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z&meeting_length=135",
            "meeting_length: invalid",
        ),
    ] {
        let answer = world
            .get(&hana, &format!("/api/users/{speaker}/slots?{query}"))
            .await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
}

#[tokio::test]
async fn only_verified_students_ask_and_only_who_is_found_is_there() {
    let world = World::new().await;
    let (sora, hana) = two(&world).await;
    change(&world, &sora, always()).await.expect(200);
    let speaker = known_by(&world, &sora).await;
    let (from, to) = ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    let stranger = world.sign_up("mei").await;
    let answer = slots(&world, &stranger, &speaker, from, to).await;
    answer.expect_error(403, "profile_missing", &[]);
    let unverified = register(&world, "ren", "student").await;
    for person in [&unverified, &sora] {
        let answer = slots(&world, person, &speaker, from, to).await;
        answer.expect_error(403, "forbidden", &[]);
    }
    for nobody in [
        known_by(&world, &unverified).await,
        known_by(&world, &hana).await,
        sora.id.clone(),
        "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e".to_owned(),
        "nonsense".to_owned(),
    ] {
        let answer = slots(&world, &hana, &nobody, from, to).await;
        answer.expect_error(404, "not_found", &[]);
    }
    slots(&world, &hana, &speaker, from, to).await.expect(200);
    for (hidden, shown) in [
        (json!({"listed": false}), json!({"listed": true})),
        (json!({"name": "空"}), json!({"name": "sora"})),
    ] {
        change(&world, &sora, hidden).await.expect(200);
        slots(&world, &hana, &speaker, from, to).await.expect(404);
        change(&world, &sora, shown).await.expect(200);
        verify(&world, &sora).await;
        slots(&world, &hana, &speaker, from, to).await.expect(200);
    }
    suspend(&world, &hana).await;
    slots(&world, &hana, &speaker, from, to).await.expect(403);
    let mio = register(&world, "mio", "student").await;
    verify(&world, &mio).await;
    slots(&world, &mio, &speaker, from, to).await.expect(200);
    suspend(&world, &sora).await;
    slots(&world, &mio, &speaker, from, to).await.expect(404);
}
