//! What ends a matching that neither ends: the clock, an operator, another name, a closed account.

use enishi_shared::{UserId, events::outbox_row};
use enishi_visits::{
    events::{Cause, VisitorWithdrawn},
    profile::profile_key,
};
use serde_json::json;

use super::super::{
    items,
    people::{DATE, act, again, ask, ask_so, book, booked, cells, counted, holds, seen, verified},
};
use crate::{
    identity::later,
    support::{Person, World},
};

const DAY: i64 = 24 * 60 * 60;

async fn sweep(world: &World) {
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = world.stack.lambda().invoke("VisitsSweep", tick).await;
    swept.unwrap();
}

/// Announces that somebody meets nobody any more, as an operator's decision or another name does.
async fn withdraw(world: &World, person: &Person, cause: Cause) {
    let user_id: UserId = person.id.parse().unwrap();
    let app = world.stack.app("VisitsErase").unwrap();
    let (key, row) = outbox_row(&app, VisitorWithdrawn { user_id, cause }).unwrap();
    let row = enishi_shared::store::encode(&key, &row).unwrap();
    let app = world.app("VisitsBookMeeting", |_| {});
    let put = app.dynamodb().put_item().table_name("VisitsTable");
    put.set_item(Some(row)).send().await.unwrap();
    world.stack.settle().await;
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn what_nobody_answers_counts_as_cancelled_and_then_is() {
    let world = World::new().await;
    let mut sora = verified(&world, 1, "company").await;
    let mut hana = verified(&world, 2, "student").await;
    let id = ask_so(&world, &hana, &sora, json!({}))
        .await
        .expect(201)
        .text("id");
    later(&world, 14 * DAY - 1);
    for person in [&mut sora, &mut hana] {
        again(&world, person).await;
    }
    sweep(&world).await;
    assert_eq!(seen(&world, &sora, &id).await["state"], "requested");
    later(&world, 1);
    // Before the sweep.
    let shown = seen(&world, &sora, &id).await;
    assert_eq!(shown["state"], "cancelled");
    assert_eq!(shown["since"], "2026-12-04T11:00:00Z");
    assert!(shown["proposal"].is_null() && shown["message"].is_null());
    let accept = json!({"action": "accept", "date": "2026-12-10T10:00:00Z"});
    let answer = act(&world, &sora, &id, accept).await;
    let answer = answer.expect_error(409, "conflict", &[]);
    assert!(answer.text("message").contains("cancelled"));
    assert_eq!(counted(&world, &hana, "open_requests"), 1);
    for _ in 0..2 {
        sweep(&world).await;
        assert_eq!(seen(&world, &hana, &id).await["state"], "cancelled");
        assert_eq!(counted(&world, &hana, "open_requests"), 0);
        assert_eq!(counted(&world, &hana, "notifications"), 1);
    }
    assert!(items(&world, "OPEN#").is_empty());
}

#[tokio::test]
async fn what_nobody_pays_for_is_free_again_for_both() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let mut hana = verified(&world, 2, "student").await;
    let id = booked(&world, &hana, &sora).await;
    later(&world, DAY);
    sweep(&world).await;
    again(&world, &mut hana).await;
    assert_eq!(seen(&world, &hana, &id).await["state"], "cancelled");
    for person in [&sora, &hana] {
        assert!(cells(&world, person).is_empty());
        assert!(holds(&world, person).is_empty());
    }
}

#[tokio::test]
async fn a_hundred_and_more_that_are_due_end_in_one_run() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("OpenRequests".into(), "200".into());
    })
    .await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    for _ in 0..120 {
        ask(&world, &hana, &sora).await.expect(201);
    }
    later(&world, 14 * DAY);
    // One fails, the others end.
    let mut broken = items(&world, "MATCHING#");
    broken.retain(|item| item["sk"]["S"] == "MATCHING");
    let mut broken = broken.swap_remove(60);
    broken["state"] = json!({"S": "unheard of"});
    let request = json!({"TableName": "VisitsTable", "Item": broken});
    let request = enishi_local::database::from_json(request).unwrap();
    world.stack.database().put_item(request).unwrap();
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = world.stack.lambda().invoke("VisitsSweep", tick).await;
    assert!(swept.is_err());
    assert_eq!(counted(&world, &hana, "open_requests"), 1);
    assert_eq!(items(&world, "OPEN#").len(), 2);
}

#[tokio::test]
async fn who_is_suspended_meets_nobody_and_whose_name_is_another_keeps_what_is_booked() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let kept = booked(&world, &hana, &sora).await;
    let asked = ask(&world, &hana, &sora).await.expect(201).text("id");
    let agreed = ask(&world, &hana, &sora).await.expect(201).text("id");
    let accept = json!({"action": "accept"});
    act(&world, &sora, &agreed, accept).await.expect(200);
    // The hour is booked.
    let taken = book(&world, &hana, &agreed, DATE, 60).await;
    let taken = taken.expect_error(409, "conflict", &[]);
    assert_eq!(taken.text("message"), "this time is taken");

    withdraw(&world, &hana, Cause::Unverified).await;
    for (id, state) in [
        (&kept, "scheduled"),
        (&asked, "cancelled"),
        (&agreed, "cancelled"),
    ] {
        assert_eq!(seen(&world, &sora, id).await["state"], state);
    }
    assert_eq!(cells(&world, &sora).len(), 4);
    assert_eq!(counted(&world, &hana, "open_requests"), 0);
    for _ in 0..2 {
        withdraw(&world, &sora, Cause::Suspended).await;
        assert_eq!(seen(&world, &hana, &kept).await["state"], "cancelled");
        for person in [&sora, &hana] {
            assert!(cells(&world, person).is_empty());
            assert!(holds(&world, person).is_empty());
        }
    }
    assert!(items(&world, "OPEN#").is_empty());
}

#[tokio::test]
async fn who_leaves_is_taken_out_of_all_and_is_told_nothing() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let asked = ask(&world, &hana, &sora).await.expect(201).text("id");
    let over = ask(&world, &hana, &sora).await.expect(201).text("id");
    act(&world, &sora, &over, json!({"action": "decline"}))
        .await
        .expect(200);
    world.stack.settle().await;
    let to_sora = super::mails(&world, &sora).len();
    world
        .account_deleted("VisitsErase", &sora.id)
        .await
        .unwrap();
    world.stack.settle().await;
    let shown = seen(&world, &hana, &asked).await;
    assert_eq!(shown["state"], "cancelled");
    assert_eq!(shown["other"]["affiliation"], "縁製作所");
    assert!(shown["other"]["comment"].is_null() && shown["other"]["position"].is_null());
    assert_eq!(super::mails(&world, &sora).len(), to_sora);
    assert!(items(&world, &profile_key(sora.id.parse().unwrap()).pk).is_empty());
    assert_eq!(items(&world, &format!("CHAT#{over}")).len(), 2);

    // With the other the rest goes.
    for _ in 0..2 {
        world
            .account_deleted("VisitsErase", &hana.id)
            .await
            .unwrap();
    }
    for kind in ["MATCHING#", "CHAT#", "USER#", "OPEN#"] {
        assert!(items(&world, kind).is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn a_partner_who_is_not_there_any_more_is_told_nothing_and_stops_nobody() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let id = ask(&world, &hana, &sora).await.expect(201).text("id");
    let key = profile_key(sora.id.parse().unwrap());
    let request = json!({
        "TableName": "VisitsTable", "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
    });
    let request = enishi_local::database::from_json(request).unwrap();
    world.stack.database().delete_item(request).unwrap();
    let propose = json!({"action": "propose", "date": "2026-11-26T10:00:00Z"});
    act(&world, &hana, &id, propose).await.expect(200);
    act(&world, &hana, &id, json!({"action": "cancel"}))
        .await
        .expect(200);
    assert_eq!(items(&world, &format!("NOTICES#{}", sora.id)).len(), 1);
    assert!(
        items(&world, &key.pk)
            .iter()
            .all(|item| item["sk"]["S"] != "PROFILE")
    );
    assert_eq!(counted(&world, &hana, "open_requests"), 0);
}
