//! `GET /api/saju/me`: one's own chart.

use serde_json::{Value, json};

use super::register;
use crate::support::{Person, World};

const PATH: &str = "/api/saju/me";

async fn chart(world: &World, person: &Person) -> Value {
    world.get(person, PATH).await.expect(200).body
}

async fn born_at(world: &World, person: &Person, time: Value) {
    let token = Some(person.access_token.as_str());
    let body = json!({"birth_time": time});
    world
        .call("PUT", "/api/users/me", token, Some(body))
        .await
        .expect(200);
}

fn names(chart: &Value) -> Vec<&str> {
    let pillars = ["year", "month", "day", "hour"].map(|pillar| &chart["pillars"][pillar]["name"]);
    pillars.into_iter().filter_map(Value::as_str).collect()
}

/// 을해(乙亥) 무인(戊寅) 임진(壬辰) 갑진(甲辰): 1995-03-02 at 07:40, the second of the second lunar month.
#[tokio::test]
async fn a_chart_shows_what_is_in_the_pillars() {
    let world = World::new().await;
    let her = register(&world, "seoyeon", "1995-03-02", "female").await;
    world.stack.aws().forget_calls();
    let without = chart(&world, &her).await;
    assert_eq!(world.stack.aws().calls().len(), 1);
    assert_eq!(names(&without), ["을해(乙亥)", "무인(戊寅)", "임진(壬辰)"]);
    assert_eq!(without["pillars"]["hour"], Value::Null);
    assert_eq!(without["birth_time"], Value::Null);

    born_at(&world, &her, json!("07:40")).await;
    let chart = chart(&world, &her).await;
    let term =
        |key: &str, name: &str, hanja: &str| json!({"key": key, "name": name, "hanja": hanja});
    let with = |mut term: Value, more: Value| {
        let all = term.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        term
    };
    let pyeonjae = term("pyeonjae", "편재", "偏財");
    let pyeongwan = term("pyeongwan", "편관", "偏官");
    let siksin = term("siksin", "식신", "食神");
    let hidden = |stem: Value, element: &str, phase: Value, god: &Value| {
        with(
            stem,
            json!({"element": element, "phase": phase, "ten_god": god}),
        )
    };
    assert_eq!(
        chart["pillars"]["month"],
        json!({
            "name": "무인(戊寅)",
            "stem": with(term("mu", "무", "戊"), json!({"element": "earth", "ten_god": pyeongwan})),
            "branch": with(term("in", "인", "寅"), json!({
                "element": "wood", "ten_god": siksin,
                "hidden_stems": [
                    hidden(term("mu", "무", "戊"), "earth", term("residual", "여기", "餘氣"), &pyeongwan),
                    hidden(term("byeong", "병", "丙"), "fire", term("middle", "중기", "中氣"), &pyeonjae),
                    hidden(term("gap", "갑", "甲"), "wood", term("principal", "본기", "本氣"), &siksin),
                ],
            })),
        })
    );
    // The day's stem is oneself.
    assert_eq!(chart["pillars"]["day"]["stem"]["ten_god"], Value::Null);
    assert_eq!(
        chart["pillars"]["day"]["branch"]["ten_god"]["key"],
        "pyeongwan"
    );
    assert_eq!(
        chart["pillars"]["year"]["stem"]["ten_god"]["key"],
        "sanggwan"
    );
    assert_eq!(chart["pillars"]["hour"]["stem"]["ten_god"], siksin);
    // 을 인 갑 wood; 무 진 진 earth; 해 임 water.
    let counts = |chart: &Value| {
        let all = chart["elements"].as_array().unwrap().clone();
        let count = |it: Value| (it["key"].as_str().unwrap().to_owned(), it["count"].as_u64());
        all.into_iter().map(count).collect::<Vec<_>>()
    };
    let expected = |all: [u64; 5]| {
        let keys = ["wood", "fire", "earth", "metal", "water"];
        let pair = |(key, count): (&str, u64)| (key.to_owned(), Some(count));
        keys.into_iter().zip(all).map(pair).collect::<Vec<_>>()
    };
    assert_eq!(counts(&chart), expected([3, 0, 3, 0, 2]));
    assert_eq!(counts(&without), expected([2, 0, 2, 0, 2]));
    assert_eq!(chart["season"], term("spring", "봄", "春"));
    assert_eq!(chart["birth_time"], "07:40");
    let rules = &chart["rules"];
    assert!(rules["late_night"].as_str().unwrap().contains("야자시"));
    assert!(rules["solar_time"].as_str().unwrap().contains("진태양시"));
    assert!(rules["terms"].as_str().unwrap().contains("입춘"));
}

/// 야자시: a quarter to midnight is still the day's own pillar, and the hour that of the next day's 자시.
#[tokio::test]
async fn before_midnight_the_hour_is_tomorrow_s_and_the_day_is_not() {
    let world = World::new().await;
    // 2001-01-01 was 갑자(甲子).
    let me = register(&world, "gapja", "2001-01-01", "male").await;
    for (time, hour) in [
        ("00:30", "갑자(甲子)"),
        ("22:59", "을해(乙亥)"),
        ("23:45", "병자(丙子)"),
    ] {
        born_at(&world, &me, json!(time)).await;
        let chart = chart(&world, &me).await;
        assert_eq!(names(&chart)[2..], ["갑자(甲子)", hour], "{time}");
    }
}

#[tokio::test]
async fn whoever_has_no_profile_has_no_chart() {
    let world = World::new().await;
    let stranger = world.sign_up("stranger").await;
    let answer = world.get(&stranger, PATH).await;
    answer.expect_error(403, "profile_missing", &[]);
    let answer = world.call("GET", PATH, None, None).await;
    answer.expect_error(401, "access_token_invalid", &[]);
}
