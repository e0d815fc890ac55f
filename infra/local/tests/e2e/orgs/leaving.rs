//! Leaving: users who are deleted, accounts that are closed, organisations that end.

use futures_util::future::join;
use serde_json::json;

use super::{
    admin, allowance, delete, get, invited, items, logged_in, newcomer, post, project, put, world,
};
use crate::{
    identity::{
        later,
        market_sessions::{enter, products},
    },
    support::{Person, World, text},
};

const MEMBERS: &str = "/v1/service/organization_members";

fn user(id: &str) -> String {
    format!("/v1/service/users/{id}")
}

async fn close_account(world: &World, person: &Person) -> u16 {
    let token = Some(person.access_token.as_str());
    let closed = world.call("DELETE", "/api/users/me", token, None).await;
    closed.status.as_u16()
}

#[tokio::test]
async fn tokens_of_who_was_deleted_are_good_no_more() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let ours = enter(&world, &sora.firebase).await;
    later(&world, 60);
    delete(&world, &hana, &user(&sora.id)).await.expect(200);
    let path = "/v1/service/users";
    for token in [&sora.firebase.id_token, &ours.access_token] {
        let answer = world.call("GET", path, Some(token), None).await;
        answer.expect_error(401, "access_token_invalid", &[]);
        let body = Some(newcomer(&sora.firebase, "admin"));
        let answer = world.call("POST", path, Some(token), body).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
}

#[tokio::test]
async fn a_deleted_member_who_is_a_customer_of_the_market_still_logs_in_there() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let ours = enter(&world, &sora.firebase).await;
    assert_eq!(products(&world, &ours), ["orgs", "market"]);
    later(&world, 60);
    delete(&world, &hana, &user(&sora.id)).await.expect(200);
    world.stack.settle().await;
    // Nobody asked Firebase for anything.
    assert!(items(&world, "DISABLINGS").is_empty());
    // Whatever was issued in the second of the deletion, or before, is good no more.
    later(&world, 1);
    let sora = logged_in(&world, sora).await;
    let again = enter(&world, &sora.firebase).await;
    assert_eq!(again.id, sora.id);
    assert_eq!(products(&world, &again), ["market"]);
    world.get(&again, "/api/cart").await.expect(200);
    // Here they have nothing, and may begin anew.
    get(&world, &sora, "/v1/service/users")
        .await
        .expect_error(403, "profile_missing", &[]);
    let body = newcomer(&sora.firebase, "admin");
    let answer = post(&world, &sora, "/v1/service/users", body).await;
    assert_eq!(answer.expect(200).body["user"]["id"], json!(sora.id));
    assert_eq!(products(&world, &again), ["market", "orgs"]);
}

#[tokio::test]
async fn an_only_member_closes_their_organisation_and_may_make_another() {
    let world = world(3, 600).await;
    let hana = admin(&world, "hana").await;
    project(&world, &hana, "my_video.mp4", 60).await;
    let body = json!({
        "email": "sora@example.com", "role": "member", "organization_id": hana.organization_id,
    });
    post(&world, &hana, "/v1/service/invitations", body)
        .await
        .expect(200);
    world.stack.settle().await;
    let path = format!("/v1/service/organizations/{}", hana.organization_id);
    let answer = delete(&world, &hana, &path).await.expect(200);
    assert_eq!(answer.text, "");
    delete(&world, &hana, &path)
        .await
        .expect_error(403, "profile_missing", &[]);
    world.stack.settle().await;
    // What is kept says who did what, and that a letter was sent.
    let kept = ["AUDIT#", "OUTBOX#", "MAIL#"];
    let mut left = items(&world, "");
    left.retain(|item| {
        !kept
            .iter()
            .any(|kept| text(&item["pk"]["S"]).starts_with(kept))
    });
    assert!(left.is_empty(), "{left:?}");
    let body = newcomer(&hana.firebase, "admin");
    let answer = post(&world, &hana, "/v1/service/users", body)
        .await
        .expect(200);
    assert_ne!(
        answer.body["user"]["organization_id"],
        json!(hana.organization_id)
    );
    world.nothing_given_up();
}

#[tokio::test]
async fn an_only_member_who_is_deleted_takes_the_organisation_along() {
    let world = world(1, 0).await;
    let hana = admin(&world, "hana").await;
    delete(&world, &hana, &user(&hana.id)).await.expect(200);
    world.stack.settle().await;
    assert!(items(&world, "ORG#").is_empty());
    get(&world, &hana, "/v1/service/users").await.expect(401);
    world.nothing_given_up();
}

#[tokio::test]
async fn an_account_that_is_closed_leaves_its_organisation() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let ours = enter(&world, &sora.firebase).await;
    assert_eq!(close_account(&world, &ours).await, 204);
    // At once, by either token, before the event has come.
    for token in [&sora.firebase.id_token, &ours.access_token] {
        let answer = world
            .call("GET", "/v1/service/users", Some(token), None)
            .await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    world.stack.settle().await;
    let answer = world
        .call(
            "GET",
            "/v1/service/users",
            Some(&sora.firebase.id_token),
            None,
        )
        .await;
    answer.expect_error(401, "access_token_invalid", &[]);
    let found = get(&world, &hana, MEMBERS).await.expect(200);
    assert_eq!(
        found.body["organization_members"].as_array().map(Vec::len),
        Some(1)
    );
    // Once more does no harm.
    for _ in 0..2 {
        world.account_deleted("OrgsErase", &sora.id).await.unwrap();
    }
    // Who comes later is somebody new.
    later(&world, 60);
    let sora = logged_in(&world, sora).await;
    let answer = post(
        &world,
        &sora,
        "/v1/service/users",
        newcomer(&sora.firebase, "admin"),
    )
    .await;
    assert_ne!(answer.expect(200).body["user"]["id"], json!(sora.id));
    world.nothing_given_up();
}

#[tokio::test]
async fn when_both_admins_close_their_accounts_at_once_who_was_there_longest_becomes_one() {
    let world = world(5, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "admin").await;
    later(&world, 1);
    let ame = invited(&world, &hana, "ame", "member").await;
    later(&world, 1);
    let yuki = invited(&world, &hana, "yuki", "member").await;
    let [one, other] = [&hana, &sora].map(|member| enter(&world, &member.firebase));
    let (one, other) = (one.await, other.await);
    let closed = join(close_account(&world, &one), close_account(&world, &other)).await;
    assert_eq!(closed, (204, 204));
    world.stack.settle().await;
    let found = get(&world, &ame, MEMBERS).await.expect(200);
    let members = found.body["organization_members"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(members.len(), 2);
    get(&world, &yuki, MEMBERS)
        .await
        .expect_error(403, "forbidden", &[]);
    // She is the only one now, and may not go.
    let ours = enter(&world, &ame.firebase).await;
    assert_eq!(close_account(&world, &ours).await, 409);
    world.nothing_given_up();
}

#[tokio::test]
async fn nobody_comes_or_stays_behind_with_an_admin_who_has_closed_their_account() {
    let world = World::with(|options| allowance(5, 0)(options)).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "admin").await;
    let ame = invited(&world, &hana, "ame", "member").await;
    // As if the event had not come yet: the account is gone, and nothing else.
    let key =
        |kind: &str, id: &str| json!({"pk": {"S": format!("{kind}#{id}")}, "sk": {"S": kind}});
    for key in [
        key("ACCOUNT", &hana.id),
        key("FIREBASE", &hana.firebase.uid),
    ] {
        let request = json!({"TableName": "IdentityTable", "Key": key});
        let request = enishi_local::database::from_json(request).unwrap();
        world.stack.database().delete_item(request).unwrap();
    }
    // Sora would leave the organisation to nobody.
    for path in [format!("{MEMBERS}/{}", sora.id), user(&sora.id)] {
        delete(&world, &sora, &path)
            .await
            .expect_error(409, "conflict", &[]);
    }
    let path = format!("{MEMBERS}/{}", sora.id);
    let answer = put(&world, &sora, &path, json!({"role": "member"})).await;
    answer.expect_error(409, "conflict", &[]);
    world.account_deleted("OrgsErase", &hana.id).await.unwrap();
    let path = format!("{MEMBERS}/{}", ame.id);
    delete(&world, &sora, &path).await.expect(200);
    delete(&world, &sora, &user(&sora.id)).await.expect(200);
}
