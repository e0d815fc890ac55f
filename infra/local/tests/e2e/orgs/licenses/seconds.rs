//! Seconds of detection: granted by what is paid, never exceeded, and told of when they are spent.

use std::{
    collections::BTreeMap,
    io::{Write as _, stderr},
    time::Instant,
};

use enishi_local::aws::Exchange;
use futures_util::future::join_all;

use super::*;

const PROJECTS: &str = "/v1/service/projects";

/// Bought on the 31st, each period grants its own seconds, whatever the months are like.
#[tokio::test]
async fn bought_on_the_31st_each_period_grants_one() {
    let world = selling().await;
    world.stack.at(moment("2027-01-31T08:00:00Z")).await;
    let mut hana = admin(&world, "hana").await;
    buy(&world, &hana, 1).await;
    for (turn, until) in [
        ("2027-02-28T08:00:00Z", "2027-03-31 08:00:00"),
        ("2027-03-31T08:00:00Z", "2027-04-30 08:00:00"),
        ("2027-04-30T08:00:00Z", "2027-05-31 08:00:00"),
    ] {
        project(&world, &hana, "a", 1_000).await;
        assert_eq!(usage(&world, &hana).await, (1_000, 35_000));
        let paid = moment(turn) + SignedDuration::from_mins(65);
        hana = at(&world, &paid.to_string(), hana).await;
        assert_eq!(usage(&world, &hana).await, (0, 36_000), "{turn}");
        let license = license(&world, &hana).await;
        assert_eq!(license["current_period_end"], until);
    }
    assert_eq!(paid(&world, &hana).await.len(), 4);
}

/// A plan of twenty seconds a seat: five seats make a hundred.
async fn hundred(rate: Option<&str>) -> (World, Member) {
    let plans = json!([{"id": 1, "price": PRICE, "seconds_per_seat": 20}]).to_string();
    let world = World::with(|options| {
        allowance(1, 0)(options);
        options.parameters.insert("OrgPlans".into(), plans);
        match rate {
            Some(rate) => options.parameters.insert("ProjectRate".into(), rate.into()),
            None => options.parameters.remove("ProjectRate"),
        };
    })
    .await;
    let hana = admin(&world, "hana").await;
    buy(&world, &hana, 5).await;
    (world, hana)
}

/// The capacity units that a request has taken.
fn consumed(exchange: &Exchange) -> f64 {
    let answer: Value = serde_json::from_slice(&exchange.answer).unwrap_or_default();
    let consumed = &answer["ConsumedCapacity"];
    let tables = match consumed {
        Value::Array(tables) => tables.as_slice(),
        table => std::slice::from_ref(table),
    };
    let units = tables
        .iter()
        .filter_map(|table| table["CapacityUnits"].as_f64());
    units.sum()
}

#[tokio::test]
async fn two_hundred_at_once_against_a_hundred_make_exactly_a_hundred() {
    let (world, hana) = hundred(Some("10000/1h")).await;
    let mut watch = world.stack.aws().watch();
    let begun = Instant::now();
    let make = |nth: usize| {
        let body = json!({"name": format!("{nth}"), "video_length": 1});
        post(&world, &hana, PROJECTS, body)
    };
    let answers = join_all((0..200).map(make)).await;
    let took = begun.elapsed();
    let mut requests = BTreeMap::new();
    let mut units = BTreeMap::new();
    while let Ok(exchange) = watch.try_recv() {
        *requests.entry(exchange.operation.clone()).or_insert(0) += 1;
        *units.entry(exchange.operation.clone()).or_insert(0.0) += consumed(&exchange);
    }
    let made = answers.iter().filter(|it| it.status == 200).count();
    assert_eq!(made, 100);
    for answer in answers.into_iter().filter(|it| it.status != 200) {
        answer.expect_error(403, "quota_exceeded", &[]);
    }
    assert_eq!(usage(&world, &hana).await, (100, 0));
    writeln!(
        stderr(),
        "\n200 creations at once against a quota of 100: 100 made in {took:?}\n\
         requests: {requests:?}\ncapacity units: {units:?}"
    )
    .unwrap();
}

/// At the rate that there is unless told.
#[tokio::test]
async fn beyond_a_hundred_a_second_there_are_too_many_and_never_an_error() {
    let (world, hana) = hundred(None).await;
    let now = world.stack.clock().now();
    world.stack.clock().set(Some(now));
    let make = |nth: usize| {
        let body = json!({"name": format!("{nth}"), "video_length": 1});
        post(&world, &hana, PROJECTS, body)
    };
    let answers = join_all((0..150).map(make)).await;
    let mut statuses = BTreeMap::new();
    for answer in &answers {
        *statuses.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    assert_eq!(statuses, [(200, 100), (429, 50)].into());
}

/// A project that no bucket has enough for takes from several.
#[tokio::test]
async fn a_project_may_be_larger_than_a_bucket() {
    let (world, hana) = hundred(Some("10000/1h")).await;
    project(&world, &hana, "a", 95).await;
    assert_eq!(usage(&world, &hana).await, (95, 5));
    let body = json!({"name": "b", "video_length": 6});
    post(&world, &hana, PROJECTS, body)
        .await
        .expect_error(403, "quota_exceeded", &[]);
    project(&world, &hana, "c", 5).await;
}

#[tokio::test]
async fn admins_are_told_once_at_80_percent_and_once_when_all_is_spent() {
    let (world, hana) = hundred(Some("10000/1h")).await;
    let letters = || {
        let mails = world.stack.mailbox().mails();
        let texts = mails.iter().filter_map(|mail| mail.text.as_ref());
        texts.filter(|text| text.contains("検出可能時間")).count()
    };
    project(&world, &hana, "a", 79).await;
    world.stack.settle().await;
    assert_eq!(letters(), 0);
    for (seconds, told) in [(1, 1), (1, 1), (10, 1), (9, 2)] {
        project(&world, &hana, "b", seconds).await;
        world.stack.settle().await;
        assert_eq!(letters(), told, "{seconds}");
    }
    let body = json!({"name": "b", "video_length": 6});
    post(&world, &hana, PROJECTS, body).await.expect(403);
    world.stack.settle().await;
    assert_eq!(letters(), 2);
}
