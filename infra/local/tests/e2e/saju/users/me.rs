//! `GET` and `PUT /api/users/me`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{super::register, disable, listed, photo::allowed, profile};
use crate::{
    identity::prove,
    support::{Answer, Person, World, text},
};

async fn seoyeon(world: &World) -> Person {
    verified(world, "1995-03-02").await
}

/// A woman whose address is verified.
async fn verified(world: &World, birth_date: &str) -> Person {
    let person = register(world, "seoyeon", birth_date, "female").await;
    prove(world, &person).await;
    world.stack.settle().await;
    person
}

async fn put(world: &World, person: &Person, body: Value) -> Answer {
    world
        .call(
            "PUT",
            "/api/users/me",
            Some(&person.access_token),
            Some(body),
        )
        .await
}

/// The address of a picture of somebody's.
async fn picture(world: &World, person: &Person) -> String {
    allowed(world, person).await.text("url")
}

async fn me(world: &World, person: &Person) -> Value {
    world.get(person, "/api/users/me").await.expect(200).body
}

#[tokio::test]
async fn one_sees_ones_account_and_profile() {
    let world = World::new().await;
    let person = seoyeon(&world).await;
    let nothing = json!({"gender": null, "min_age": null, "max_age": null, "location": null});
    let mut expected = json!({
        "user_id": person.id, "name": "seoyeon", "email": "seoyeon@example.com",
        "birth_date": "1995-03-02", "calendar": "solar", "leap_month": false,
        "solar_birth_date": "1995-03-02", "birth_time": null, "gender": "female",
        "location": null, "job": null, "bio": null, "profile_img_url": null,
        "preferences": nothing, "listed": true, "read_receipts": false,
        "is_email_verified": true, "created_at": "2026-11-20T11:00:00Z",
    });
    assert_eq!(me(&world, &person).await, expected);

    let changes = json!({
        "birth_time": "07:40", "location": "서울 마포구", "job": "사서",
        "bio": "비 오는 날\n책방을 좋아해요.", "profile_img_url": picture(&world, &person).await,
        "preferences": {"gender": "any", "min_age": 27, "max_age": 39, "location": "서울 마포구"},
        "read_receipts": true,
    });
    let answer = put(&world, &person, changes.clone()).await.expect(200);
    assert_eq!(
        answer.body,
        json!({
            "message": "Profile updated successfully", "preferences_count_from": "2026-11-20",
        })
    );
    for (field, value) in changes.as_object().unwrap() {
        expected[field] = value.clone();
    }
    assert_eq!(me(&world, &person).await, expected);
    assert_eq!(listed(&world, &person.id), "POOL#female#any#1995-03-02");
}

#[tokio::test]
async fn without_a_saju_profile_its_fields_are_null_and_cannot_be_changed() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    assert_eq!(
        me(&world, &hana).await,
        json!({
            "user_id": hana.id, "name": "hana", "email": "hana@example.com",
            "birth_date": null, "calendar": null, "leap_month": null, "solar_birth_date": null,
            "birth_time": null, "gender": null, "location": null, "job": null,
            "bio": null, "profile_img_url": null, "preferences": null, "listed": null,
            "read_receipts": null, "is_email_verified": false,
            "created_at": "2026-11-20T11:00:00Z",
        })
    );
    for body in [
        json!({}),
        json!({"job": "사서"}),
        json!({"birth_time": "07:40"}),
    ] {
        let answer = put(&world, &hana, body).await;
        let answer = answer.expect_error(403, "profile_missing", &[]);
        assert_eq!(answer.body["error"], answer.body["message"]);
    }
    assert!(profile(&world, &hana.id).is_none());
}

#[tokio::test]
async fn a_disabled_account_and_a_stranger_see_nothing() {
    let world = World::new().await;
    let person = seoyeon(&world).await;
    disable(&world, &person);
    let answer = world.get(&person, "/api/users/me").await;
    answer.expect_error(401, "access_token_invalid", &[]);
    for method in ["GET", "PUT", "DELETE"] {
        let body = (method == "PUT").then(|| json!({}));
        let answer = world.call(method, "/api/users/me", None, body).await;
        let answer = answer.expect_error(401, "access_token_invalid", &[]);
        assert_eq!(answer.body["error"], answer.body["message"]);
    }
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_clears() {
    let world = World::new().await;
    let person = seoyeon(&world).await;
    let all = json!({
        "birth_time": "07:40", "location": "서울", "job": "사서", "bio": "안녕",
        "profile_img_url": picture(&world, &person).await,
        "preferences": {"gender": "female", "min_age": 27, "max_age": 39, "location": "서울"},
    });
    put(&world, &person, all.clone()).await.expect(200);
    let full = me(&world, &person).await;

    for cleared in [json!(null), json!("")] {
        let body = json!({
            "birth_time": cleared, "location": cleared, "job": cleared, "bio": cleared,
            "profile_img_url": cleared, "preferences": {"location": cleared},
        });
        put(&world, &person, body).await.expect(200);
        let shown = me(&world, &person).await;
        for field in ["birth_time", "location", "job", "bio", "profile_img_url"] {
            assert_eq!(shown[field], json!(null), "{field}");
        }
        assert_eq!(shown["preferences"]["location"], json!(null));
        put(&world, &person, all.clone()).await.expect(200);
    }

    // Nothing at all, or no preference at all, changes nothing.
    for same in [json!({}), json!({"preferences": {}})] {
        put(&world, &person, same).await.expect(200);
        assert_eq!(me(&world, &person).await, full);
    }
    // One by one.
    for field in all
        .as_object()
        .unwrap()
        .keys()
        .filter(|field| *field != "preferences")
    {
        put(&world, &person, all.clone()).await.expect(200);
        let mut expected = full.clone();
        expected[field] = Value::Null;
        put(&world, &person, json!({field: null})).await.expect(200);
        assert_eq!(me(&world, &person).await, expected, "{field}");
    }
    for field in ["gender", "min_age", "max_age", "location"] {
        put(&world, &person, all.clone()).await.expect(200);
        let mut expected = full.clone();
        expected["preferences"][field] = Value::Null;
        let body = json!({"preferences": {field: null}});
        put(&world, &person, body).await.expect(200);
        assert_eq!(me(&world, &person).await, expected, "{field}");
    }
    put(&world, &person, all).await.expect(200);
    assert_eq!(listed(&world, &person.id), "POOL#female#female#1995-03-02");
    let body = json!({"preferences": null});
    put(&world, &person, body).await.expect(200);
    let nothing = json!({"gender": null, "min_age": null, "max_age": null, "location": null});
    assert_eq!(me(&world, &person).await["preferences"], nothing);
    assert_eq!(listed(&world, &person.id), "POOL#female#male#1995-03-02");
}

#[tokio::test]
async fn every_wrong_value_is_named() {
    let world = World::new().await;
    let person = seoyeon(&world).await;
    let before = me(&world, &person).await;
    let long = |count| json!("가".repeat(count));
    let url = |length: usize| json!(format!("https://a.kr/{}", "a".repeat(length - 13)));
    for (field, wrong) in [
        ("location", json!("서\n울")),
        ("location", long(256)),
        ("location", json!(1)),
        ("job", json!(" ")),
        ("job", long(256)),
        ("bio", json!("\n")),
        ("bio", json!("a\u{0}b")),
        ("bio", long(2001)),
        ("profile_img_url", json!("http://example.com/me.jpg")),
        ("profile_img_url", json!("https://example.com/me.jpg")),
        ("profile_img_url", url(2048)),
        ("profile_img_url", json!("https://")),
        ("profile_img_url", json!("https:///me.jpg")),
        ("profile_img_url", json!("https://example.com/a b")),
        ("profile_img_url", json!("https://example.com/\"><script>")),
        ("profile_img_url", json!("javascript:alert(1)")),
        ("profile_img_url", json!("/photos/me.jpg")),
        ("profile_img_url", url(2049)),
        ("birth_time", json!("24:00")),
        ("birth_time", json!("7:40")),
        ("birth_time", json!("07:40:00")),
        ("birth_time", json!(7)),
        ("listed", json!("yes")),
        ("listed", json!(0)),
        ("read_receipts", json!("")),
        ("preferences", json!("any")),
        // By position, as serde would read it.
        ("preferences", json!(["any", 27, 39, "서울"])),
        ("preferences.gender", json!("all")),
        ("preferences.gender", json!(1)),
        ("preferences.gender", json!({})),
        ("preferences.min_age", json!(18)),
        ("preferences.min_age", json!(121)),
        ("preferences.min_age", json!(20.5)),
        ("preferences.min_age", json!("20")),
        ("preferences.max_age", json!(18)),
        ("preferences.max_age", json!(300)),
        ("preferences.max_age", json!(-1)),
        ("preferences.location", long(256)),
        ("preferences.age", json!(20)),
        ("name", json!("다른")),
        ("gender", json!("male")),
        ("birth_date", json!("1996-03-02")),
    ] {
        let body = match field.split_once('.') {
            Some((outer, inner)) => json!({outer: {inner: wrong}}),
            None => json!({field: wrong}),
        };
        let answer = put(&world, &person, body.clone()).await;
        assert_eq!(answer.status, 400, "{body} {}", answer.text);
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    assert_eq!(me(&world, &person).await, before);

    for right in [
        json!({"location": "가".repeat(255), "job": "가".repeat(255), "bio": "가".repeat(2000)}),
        json!({"profile_img_url": picture(&world, &person).await, "birth_time": "00:00"}),
        json!({"birth_time": "23:59", "preferences": {"min_age": 19, "max_age": 120}}),
    ] {
        put(&world, &person, right).await.expect(200);
    }
}

#[tokio::test]
async fn the_younger_age_is_not_above_the_older() {
    let world = World::new().await;
    let person = seoyeon(&world).await;
    let wish = async |wish: Value| put(&world, &person, json!({"preferences": wish})).await;
    let refused = async |body: Value, field: &str| {
        let fields = [format!("preferences.{field}: invalid")];
        let answer = wish(body).await;
        answer.expect_error(400, "invalid_parameter", &[&fields[0]]);
    };
    refused(json!({"min_age": 31, "max_age": 30}), "max_age").await;
    wish(json!({"min_age": 30, "max_age": 30}))
        .await
        .expect(200);
    refused(json!({"min_age": 31}), "min_age").await;
    refused(json!({"max_age": 29}), "max_age").await;
    wish(json!({"min_age": null})).await.expect(200);
    wish(json!({"max_age": 29})).await.expect(200);
}

#[tokio::test]
async fn a_birth_time_on_the_other_side_of_a_term_moves_one_in_the_pool() {
    let world = World::new().await;
    // 입춘(立春) of 1990 was at 11:14 in Korea: noon comes after it.
    let person = verified(&world, "1990-02-04").await;
    let shown = "#male#1990-02-04";
    assert!(listed(&world, &person.id).ends_with(shown));
    for (time, side) in [("11:00", "~"), ("11:30", ""), ("10:00", "~")] {
        let body = json!({"birth_time": time});
        put(&world, &person, body).await.expect(200);
        assert_eq!(
            listed(&world, &person.id),
            format!("POOL#female{shown}{side}"),
            "{time}"
        );
    }
    let body = json!({"birth_time": null});
    put(&world, &person, body).await.expect(200);
    assert_eq!(listed(&world, &person.id), format!("POOL#female{shown}"));

    // Every place it had is marked: its wish and year, with both sides of the day.
    let table = &world.stack.environment()["SajuMe"]["SAJU_TABLE"];
    let key = json!({"pk": {"S": "OCCUPIED#female#male"}, "sk": {"S": "1990"}});
    let request = json!({"TableName": table, "Key": key});
    let request = enishi_local::database::from_json(request).unwrap();
    let year = world.stack.database().get_item(request).unwrap();
    let year = serde_json::to_value(year).unwrap();
    let mut codes: Vec<String> = year["Item"]["codes"]["NS"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    codes.sort();
    assert_eq!(codes, ["70", "71"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_several_change_different_things_at_once() {
    let world = World::new().await;
    let person = verified(&world, "1990-02-04").await;
    for round in 0..8 {
        let (time, wanted) = match round % 2 {
            0 => ("10:00", "any"),
            _ => ("13:00", "female"),
        };
        let changes = [
            json!({"location": format!("l{round}")}),
            json!({"job": format!("j{round}"), "bio": null}),
            json!({"birth_time": time}),
            json!({"preferences": {"gender": wanted}}),
            json!({"preferences": {"min_age": 20 + round, "location": null}}),
            json!({"preferences": {"max_age": 60 + round}}),
        ];
        let all = changes.into_iter().map(|body| put(&world, &person, body));
        for answer in join_all(all).await {
            answer.expect(200);
        }
        let me = me(&world, &person).await;
        assert_eq!(me["location"], format!("l{round}"));
        assert_eq!(me["job"], format!("j{round}"));
        assert_eq!(me["birth_time"], time);
        assert_eq!(
            me["preferences"],
            json!({
                "gender": wanted, "min_age": 20 + round, "max_age": 60 + round, "location": null,
            })
        );
        let side = if round % 2 == 0 { "~" } else { "" };
        assert_eq!(
            listed(&world, &person.id),
            format!("POOL#female#{wanted}#1990-02-04{side}")
        );
    }
}
