//! Birthdays by the lunar calendar.

use serde_json::{Value, json};

use super::{but, listed, newcomer, register};
use crate::{
    identity::{log_in, post_with, prove},
    support::{Person, World, tokyo},
};

/// A newcomer's body with a birthday.
fn born(name: &str, date: &str, calendar: &str, leap_month: bool) -> Value {
    let mut body = newcomer(name);
    body["birth_date"] = json!(date);
    body["calendar"] = json!(calendar);
    body["leap_month"] = json!(leap_month);
    body
}

/// Somebody new with a birthday, logged in, whose address is verified.
async fn person(world: &World, name: &str, date: &str, calendar: &str, leap: bool) -> Person {
    let body = born(name, date, calendar, leap);
    register(world, body.clone()).await.expect(201);
    let [email, password] = ["email", "password"].map(|field| body[field].as_str().unwrap());
    let answer = log_in(world, email, password).await.expect(200);
    let person = Person::new(name, email, password, &answer);
    prove(world, &person).await;
    world.stack.settle().await;
    person
}

/// What one sees of one's birthday, at either place that shows it.
async fn shown(world: &World, person: &Person) -> Value {
    let [me, chart] = ["/api/users/me", "/api/saju/me"].map(|path| world.get(person, path));
    let (me, chart) = (me.await.expect(200).body, chart.await.expect(200).body);
    let fields = ["birth_date", "calendar", "leap_month", "solar_birth_date"];
    let [me, chart] = [me, chart].map(|body| fields.map(|field| body[field].clone()));
    assert_eq!(me, chart);
    json!(me)
}

async fn put(world: &World, person: &Person, body: Value) -> crate::support::Answer {
    let token = Some(person.access_token.as_str());
    world.call("PUT", "/api/users/me", token, Some(body)).await
}

#[tokio::test]
async fn a_lunar_birthday_is_converted_once_and_kept_as_it_was_given() {
    let world = World::new().await;
    for (name, date, leap, solar) in [
        // No such day by the solar calendar.
        ("thirtieth", "1995-02-30", false, "1995-03-30"),
        // The leap month after the eighth, and the eighth.
        ("leap", "1995-08-01", true, "1995-09-25"),
        ("regular", "1995-08-01", false, "1995-08-26"),
        // 설날 of 1997: in China it was the day before.
        ("newyear", "1997-01-01", false, "1997-02-08"),
        // The lunar year 1919 was not over.
        ("oldest", "1919-11-11", false, "1920-01-01"),
    ] {
        let person = person(&world, name, date, "lunar", leap).await;
        let expected = json!([date, "lunar", leap, solar]);
        assert_eq!(shown(&world, &person).await, expected, "{name}");
        let pool = format!("POOL#female#male#{solar}");
        assert_eq!(listed(&world, &person.id), pool);
    }
    for person in [
        person(&world, "solar", "1995-03-02", "solar", false).await,
        super::super::register(&world, "silent", "1995-03-02", "female").await,
    ] {
        let expected = json!(["1995-03-02", "solar", false, "1995-03-02"]);
        assert_eq!(shown(&world, &person).await, expected);
    }
}

#[tokio::test]
async fn what_the_lunar_calendar_does_not_have_is_named() {
    let world = World::new().await;
    for (date, calendar, leap, field) in [
        // 29 days, of the leap month too; a leap month after another one, and in another year.
        ("1995-01-31", "lunar", false, "birth_date"),
        ("1995-08-30", "lunar", true, "birth_date"),
        ("1995-03-01", "lunar", true, "leap_month"),
        ("1996-08-01", "lunar", true, "leap_month"),
        ("1995-08-01", "solar", true, "leap_month"),
        ("1995-02-30", "solar", false, "birth_date"),
        // 1919-12-31 and 2051-01-01 of the solar calendar.
        ("1919-11-10", "lunar", false, "birth_date"),
        ("2050-11-19", "lunar", false, "birth_date"),
        ("1995-08-01", "korean", false, "calendar"),
    ] {
        let answer = register(&world, born("seoyeon", date, calendar, leap)).await;
        assert_eq!(answer.status, 400, "{date} {calendar} {}", answer.text);
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    for (field, wrong) in [("calendar", json!(null)), ("leap_month", json!("true"))] {
        let answer = register(&world, but(field, wrong)).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
}

#[tokio::test]
async fn years_are_completed_by_the_solar_calendar() {
    let world = World::new().await;
    let refused = ["birth_date: invalid"];
    // 2007-11-20 and 2007-11-21 of the solar calendar; it is 2026-11-20.
    let body = born("today", "2007-10-11", "lunar", false);
    register(&world, body).await.expect(201);
    let tomorrow = || born("tomorrow", "2007-10-12", "lunar", false);
    let answer = register(&world, tomorrow()).await;
    let answer = answer.expect_error(400, "invalid_parameter", &refused);
    assert_eq!(answer.body["message"], "you must be 19 or older");
    let midnight = tokyo("2026-11-21T00:00:00");
    world.stack.clock().set(Some(midnight));
    register(&world, tomorrow()).await.expect(201);
}

#[tokio::test]
async fn a_repetition_with_another_calendar_is_another_registration() {
    let world = World::new().await;
    let keyed = async |body: Value| {
        let headers = [("idempotency-key", "k1")];
        post_with(&world, "/api/users/register", &headers, body).await
    };
    let given = |calendar, leap| born("seoyeon", "1995-08-01", calendar, leap);
    let first = keyed(given("lunar", true)).await.expect(201);
    assert_eq!(
        keyed(given("lunar", true)).await.expect(201).body,
        first.body
    );
    for other in [given("lunar", false), given("solar", false)] {
        keyed(other).await.expect_error(409, "conflict", &[]);
    }
}

#[tokio::test]
async fn who_meant_the_other_calendar_says_so_later() {
    let world = World::new().await;
    let her = person(&world, "her", "1995-08-01", "solar", false).await;
    let solar = json!(["1995-08-01", "solar", false, "1995-08-01"]);
    let lunar = json!(["1995-08-01", "lunar", false, "1995-08-26"]);
    let leap = json!(["1995-08-01", "lunar", true, "1995-09-25"]);
    for (body, expected) in [
        (json!({"calendar": "lunar"}), &lunar),
        (json!({"leap_month": true}), &leap),
        // What else is changed leaves it as it is.
        (json!({"birth_time": "07:40"}), &leap),
        (
            json!({"job": "사서", "preferences": {"gender": "any"}}),
            &leap,
        ),
        // With a calendar, a leap month is said again.
        (json!({"calendar": "lunar"}), &lunar),
        (json!({"calendar": "lunar", "leap_month": true}), &leap),
        (json!({"leap_month": null}), &lunar),
        (json!({"calendar": "lunar", "leap_month": true}), &leap),
        (json!({"calendar": null}), &solar),
        (json!({"calendar": "solar", "leap_month": false}), &solar),
    ] {
        put(&world, &her, body.clone()).await.expect(200);
        assert_eq!(shown(&world, &her).await, *expected, "{body}");
        let pool = format!("#{}", expected[3].as_str().unwrap());
        assert!(listed(&world, &her.id).ends_with(&pool), "{body}");
    }
    let me = world.get(&her, "/api/users/me").await.expect(200).body;
    assert_eq!(me["birth_time"], "07:40");
    assert_eq!(me["preferences"]["gender"], "any");

    for (body, field) in [
        (json!({"leap_month": true}), "leap_month"),
        (
            json!({"calendar": "solar", "leap_month": true}),
            "leap_month",
        ),
        (json!({"calendar": "chinese"}), "calendar"),
        (json!({"birth_date": "1995-08-02"}), "birth_date"),
    ] {
        let answer = put(&world, &her, body).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    assert_eq!(shown(&world, &her).await, solar);
}

#[tokio::test]
async fn no_calendar_makes_a_date_of_what_is_none_or_an_adult_of_a_minor() {
    let world = World::new().await;
    let thirtieth = person(&world, "thirtieth", "1995-02-30", "lunar", false).await;
    let answer = put(&world, &thirtieth, json!({"calendar": "solar"})).await;
    answer.expect_error(400, "invalid_parameter", &["calendar: invalid"]);
    // 19 today by the solar calendar; by the lunar one born on 2007-12-29.
    let young = super::super::register(&world, "young", "2007-11-20", "female").await;
    let answer = put(&world, &young, json!({"calendar": "lunar"})).await;
    let answer = answer.expect_error(400, "invalid_parameter", &["calendar: invalid"]);
    assert_eq!(answer.body["message"], "you must be 19 or older");
    let shown = shown(&world, &young).await;
    assert_eq!(shown, json!(["2007-11-20", "solar", false, "2007-11-20"]));
}

/// 입춘(立春) of 1990 was on February 4 at 11:14: the time of birth and the calendar, changed at once,
/// leave somebody where both say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_and_calendar_changed_at_once_agree_on_the_place_in_the_pool() {
    let world = World::new().await;
    // The lunar 1990-01-09 is the solar 1990-02-04.
    let her = person(&world, "her", "1990-01-09", "solar", false).await;
    for _ in 0..8 {
        let changes = [json!({"calendar": "lunar"}), json!({"birth_time": "10:00"})];
        let both = changes.into_iter().map(|body| put(&world, &her, body));
        for answer in futures_util::future::join_all(both).await {
            answer.expect(200);
        }
        assert_eq!(listed(&world, &her.id), "POOL#female#male#1990-02-04~");
        let back = json!({"calendar": "solar", "birth_time": null});
        put(&world, &her, back).await.expect(200);
        assert_eq!(listed(&world, &her.id), "POOL#female#male#1990-01-09");
    }
}
