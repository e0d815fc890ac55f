//! Who is recommended to others: whose address is verified, who wants to be, and who has been seen in the
//! last thirty days. And what becomes of changed wishes.

use futures_util::future::join_all;
use http::Request;
use serde_json::{Value, json};

use super::{
    register,
    requests::{change, check, matched, people},
};
use crate::{
    identity::{mailed, post, post_with, prove},
    support::{Person, World, text},
};

const LIST: &str = "/api/matches/recommendations";

/// Somebody's profile as it lies in the table.
fn profile(world: &World, person: &Person) -> Value {
    let items = world.items("SajuTable");
    let pk = format!("USER#{}", person.id);
    let profile = |item: &Value| item["pk"]["S"] == pk.as_str() && item["sk"]["S"] == "PROFILE";
    items.into_iter().find(profile).unwrap()
}

/// Whether somebody stands in the pool.
fn is_in_pool(world: &World, person: &Person) -> bool {
    profile(world, person)["listing_key"]["S"].is_string()
}

async fn list(world: &World, person: &Person) -> Vec<String> {
    let list = world.get(person, LIST).await.expect(200).body;
    let list = list.as_array().unwrap();
    list.iter().map(|one| text(&one["user_id"])).collect()
}

async fn verified(world: &World, name: &str, born: &str, gender: &str) -> Person {
    let person = register(world, name, born, gender).await;
    prove(world, &person).await;
    world.stack.settle().await;
    person
}

#[tokio::test]
async fn nobody_is_recommended_before_their_address_is_verified() {
    let world = World::new().await;
    let me = register(&world, "me", "1995-03-02", "female").await;
    let him = register(&world, "him", "1995-04-04", "male").await;
    assert!(list(&world, &me).await.is_empty());
    let shown = world.get(&him, "/api/users/me").await.expect(200);
    assert_eq!(shown.body["is_email_verified"], false);
    let token = mailed(&world, &him.email).await;
    let proof = json!({"token": token, "password": him.password});
    for _ in 0..2 {
        post(&world, "/api/auth/email/verify", proof.clone())
            .await
            .expect(204);
        world.stack.settle().await;
        assert_eq!(list(&world, &me).await, [him.id.as_str()]);
    }
    let shown = world.get(&him, "/api/users/me").await.expect(200);
    assert_eq!(shown.body["is_email_verified"], true);
    // She looks for others without being in the pool herself.
    assert!(!is_in_pool(&world, &me));
    assert!(list(&world, &him).await.is_empty());
    world.nothing_given_up();
}

#[tokio::test]
async fn a_new_password_by_mail_verifies_too_and_an_account_may_be_so_before_it_joins() {
    let world = World::new().await;
    let him = register(&world, "him", "1995-04-04", "male").await;
    world.stack.settle().await;
    post(
        &world,
        "/api/auth/password/forgot",
        json!({"email": him.email}),
    )
    .await
    .expect(202);
    let token = mailed(&world, &him.email).await;
    let body = json!({"token": token, "password": "another pine tree"});
    post(&world, "/api/auth/password/reset", body)
        .await
        .expect(204);
    world.stack.settle().await;
    assert!(is_in_pool(&world, &him));

    let rooms = world.sign_up("rooms").await;
    prove(&world, &rooms).await;
    let authorization = format!("Bearer {}", rooms.access_token);
    let body = json!({
        "email": rooms.email, "password": "not looked at", "name": "룸",
        "birth_date": "1994-06-07", "gender": "male",
    });
    let headers = [("authorization", authorization.as_str())];
    post_with(&world, "/api/users/register", &headers, body)
        .await
        .expect(201);
    assert!(is_in_pool(&world, &rooms));
    let me = register(&world, "me", "1995-03-02", "female").await;
    assert_eq!(list(&world, &me).await.len(), 2);
    world.nothing_given_up();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_verifies_while_they_join_is_in_the_pool() {
    let world = World::new().await;
    for round in 0..12 {
        let person = world.sign_up(&format!("r{round}")).await;
        let token = json!({"token": mailed(&world, &person.email).await});
        let body = json!({
            "email": person.email, "password": "not looked at", "name": "룸",
            "birth_date": "1994-06-07", "gender": "male",
        });
        let joining = world.post(&person, "/api/users/register", body);
        let (joined, proved) = tokio::join!(
            joining,
            world.post(&person, "/api/auth/email/verify", token)
        );
        joined.expect(201);
        proved.expect(204);
        world.stack.settle().await;
        assert!(is_in_pool(&world, &person), "{round}");
    }
}

#[tokio::test]
async fn who_hides_leaves_the_pool_at_once_and_keeps_the_chats() {
    let world = World::new().await;
    let him = verified(&world, "him", "1995-04-04", "male").await;
    let before = profile(&world, &him);
    let friends = people(&world, 2).await;
    change(&world, &him, json!({"preferences": {"gender": "any"}}))
        .await
        .expect(200);
    let chat = matched(&world, &friends[0], &him).await;
    let her = register(&world, "her", "1995-03-03", "female").await;
    assert_eq!(list(&world, &her).await, [him.id.as_str()]);

    let answer = change(&world, &him, json!({"listed": false}))
        .await
        .expect(200);
    assert_eq!(
        answer.body,
        json!({"message": "Profile updated successfully"})
    );
    assert!(!is_in_pool(&world, &him));
    assert!(list(&world, &her).await.is_empty());
    let later = register(&world, "later", "1995-03-03", "female").await;
    assert!(list(&world, &later).await.is_empty());
    let shown = world.get(&him, "/api/users/me").await.expect(200);
    assert_eq!(shown.body["listed"], false);
    let body = json!({"content": "안녕", "client_msg_id": "1"});
    let path = format!("/api/chats/{chat}/messages");
    world.post(&him, &path, body).await.expect(201);
    let chats = world.get(&friends[0], "/api/chats").await.expect(200);
    assert_eq!(chats.body[0]["unread_count"], 1);

    // Whatever else changes, and whenever somebody looks, does not bring them back; and the place they come
    // back to is the one they belong to then.
    let wishes = json!({"birth_time": "07:40", "preferences": {"gender": "female"}});
    change(&world, &him, wishes).await.expect(200);
    list(&world, &him).await;
    assert!(!is_in_pool(&world, &him));
    change(&world, &him, json!({"listed": true}))
        .await
        .expect(200);
    assert_eq!(profile(&world, &him)["listing_key"], before["listing_key"]);
    assert_eq!(list(&world, &later).await, [him.id.as_str()]);
    check(&world, &[]);
}

#[tokio::test]
async fn who_has_not_been_seen_for_thirty_days_leaves_the_pool_until_they_are() {
    let world = World::new().await;
    let mut him = verified(&world, "him", "1995-04-04", "male").await;
    let mut other = verified(&world, "other", "1995-05-04", "male").await;
    let mut her = register(&world, "her", "1995-03-03", "female").await;
    world.at("2026-12-10T12:00").await;
    world.refresh(&mut other).await;
    // Nobody is on this list, and yet somebody was seen.
    assert!(list(&world, &other).await.is_empty());
    assert_eq!(profile(&world, &other)["seen_on"]["S"], "2026-12-10");

    world.at("2026-12-19T23:45").await;
    assert!(is_in_pool(&world, &him) && is_in_pool(&world, &other));
    world.at("2026-12-20T00:00").await;
    assert!(!is_in_pool(&world, &him) && is_in_pool(&world, &other));
    world.refresh(&mut her).await;
    assert_eq!(list(&world, &her).await, [other.id.as_str()]);
    // To change something else brings nobody back; to look at the day's list does.
    world.refresh(&mut him).await;
    change(&world, &him, json!({"listed": true, "birth_time": "07:00"}))
        .await
        .expect(200);
    assert!(!is_in_pool(&world, &him));
    let lists = join_all((0..4).map(|_| list(&world, &him))).await;
    assert!(lists.iter().all(Vec::is_empty));
    assert!(is_in_pool(&world, &him));
    world.at("2026-12-21T00:00").await;
    world.refresh(&mut her).await;
    assert_eq!(list(&world, &her).await.len(), 2);
    world.at("2027-01-08T23:45").await;
    assert!(is_in_pool(&world, &him) && is_in_pool(&world, &other));
    world.at("2027-01-09T00:00").await;
    assert!(is_in_pool(&world, &him) && !is_in_pool(&world, &other));
    world.at("2027-01-19T00:00").await;
    assert!(!is_in_pool(&world, &him));
    world.nothing_given_up();
}

#[tokio::test]
async fn changed_wishes_count_from_the_next_list_and_the_answer_says_so() {
    let world = World::new().await;
    let mut me = register(&world, "me", "1995-03-02", "female").await;
    let him = verified(&world, "him", "1995-04-04", "male").await;
    let woman = verified(&world, "woman", "1995-05-05", "female").await;
    change(&world, &woman, json!({"preferences": {"gender": "any"}}))
        .await
        .expect(200);
    let wish = async |me: &Person, gender: &str| {
        let body = json!({"preferences": {"gender": gender}});
        let answer = change(&world, me, body).await.expect(200);
        text(&answer.body["preferences_count_from"])
    };
    // Today's list is not drawn yet.
    assert_eq!(wish(&me, "female").await, "2026-11-20");
    assert_eq!(wish(&me, "male").await, "2026-11-20");
    assert_eq!(list(&world, &me).await, [him.id.as_str()]);
    assert_eq!(wish(&me, "female").await, "2026-11-21");
    assert_eq!(list(&world, &me).await, [him.id.as_str()]);
    world.at("2026-11-21T00:00").await;
    world.refresh(&mut me).await;
    assert_eq!(list(&world, &me).await, [woman.id.as_str()]);
    // Nothing is said where no wish was.
    let answer = change(&world, &me, json!({"birth_time": "07:40"}))
        .await
        .expect(200);
    assert_eq!(
        answer.body,
        json!({"message": "Profile updated successfully"})
    );
}

#[tokio::test]
async fn an_event_of_somebody_who_is_not_here_changes_nothing() {
    let world = World::new().await;
    let person = register(&world, "him", "1995-04-04", "male").await;
    let guest = world.sign_up("guest").await;
    world.stack.settle().await;
    world
        .account_deleted("SajuFollowAccount", &person.id)
        .await
        .unwrap();
    let before = world.items("SajuTable");
    for id in [&person.id, &guest.id] {
        let event = json!({
            "source": "enishi.identity", "detail-type": "account.verified",
            "detail": {
                "id": "019aa2b4-7c1f-7a02-8d11-3c4b5a697887", "time": "2026-11-20T11:00:00Z",
                "data": {"user_id": id},
            },
        });
        let lambda = world.stack.lambda();
        lambda.invoke("SajuFollowAccount", event).await.unwrap();
    }
    assert_eq!(world.items("SajuTable"), before);
    let request = Request::get(LIST).body(Default::default()).unwrap();
    world.send(request).await.expect(401);
}
