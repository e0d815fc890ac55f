//! Today's recommendations: who is on the list, that it stays, and what it costs.

mod invented;
mod pool;
mod windows;

use enishi_local::import;
use enishi_saju::{
    profile::{Gender, Profile, profile_key},
    relation::{Relation, Status, relation_key},
};
use enishi_shared::{UserId, store::Key};
use serde::Serialize;
use serde_json::{Value, json};

use crate::support::{Answer, World};
use invented::{bring_in, person, profile_of, today};

const PATH: &str = "/api/matches/recommendations";
const FUNCTION: &str = "SajuRecommendations";

async fn ask(world: &World, who: &Profile) -> Answer {
    let token = import::access_token(&world.stack, who).await.unwrap();
    world.call("GET", PATH, Some(&token), None).await
}

/// The people on somebody's list, in its order.
async fn list(world: &World, who: &Profile) -> Vec<UserId> {
    ids(&ask(world, who).await.expect(200).body)
}

fn ids(list: &Value) -> Vec<UserId> {
    let one = |entry: &Value| entry["user_id"].as_str().unwrap().parse().unwrap();
    list.as_array().unwrap().iter().map(one).collect()
}

/// Requests to DynamoDB since the last count.
fn count(world: &World) -> usize {
    let calls = world.stack.aws().calls();
    world.stack.aws().forget_calls();
    let ours = |call: &&enishi_local::aws::Call| call.function == FUNCTION;
    assert!(calls.iter().all(|call| call.allowed));
    calls.iter().filter(ours).count()
}

async fn times_shown(world: &World, people: &[Profile]) -> u64 {
    let mut sum = 0;
    for one in people {
        sum += profile_of(world, one).await.candidate.listing_order;
    }
    sum
}

/// Both rows about two people, as a request or a block leaves them.
fn between(
    one: UserId,
    other: UserId,
    status: Option<Status>,
    blocks: bool,
) -> [(Key, Relation); 2] {
    let row = |user_id, other_id, blocks, blocked| Relation {
        user_id,
        other_id,
        status,
        requester_id: status.map(|_| one),
        compatibility_score: status.map(|_| 70),
        created_at: None,
        blocks,
        blocked,
        listing_key: None,
        listing_order: None,
    };
    [
        row(one, other, blocks, false),
        row(other, one, false, blocks),
    ]
    .map(|row| (relation_key(row.user_id, row.other_id), row))
}

fn relate<T: Serialize>(world: &World, rows: impl IntoIterator<Item = (Key, T)>) {
    import::items(&world.stack, "SajuTable", rows).unwrap();
}

fn id(profile: &Profile) -> UserId {
    profile.candidate.user_id
}

/// Women of one date of birth, whose scores are therefore the same for everybody.
fn women(count: usize) -> Vec<Profile> {
    (0..count)
        .map(|_| person(Gender::Female, "1994-03-12"))
        .collect()
}

#[tokio::test]
async fn the_list_is_the_same_all_day_and_another_tomorrow() {
    let world = World::new().await;
    let me = person(Gender::Male, "1991-07-01");
    let women = women(40);
    bring_in(&world, &women);
    bring_in(&world, std::slice::from_ref(&me));

    count(&world);
    let first = ask(&world, &me).await.expect(200);
    // Profile and list; two pools; a page; what is between; the list stored; who is on it.
    assert_eq!(count(&world), 7);
    assert_eq!(ids(&first.body).len(), 5);
    assert_eq!(times_shown(&world, &women).await, 5);

    world.at("2026-11-20T23:59").await;
    count(&world);
    let again = ask(&world, &me).await.expect(200);
    assert_eq!(count(&world), 2);
    assert_eq!(again.body, first.body);
    assert_eq!(times_shown(&world, &women).await, 5);

    world.at("2026-11-21T00:00").await;
    let tomorrow = list(&world, &me).await;
    assert_eq!(tomorrow.len(), 5);
    let yesterday = ids(&first.body);
    assert!(!tomorrow.iter().any(|other| yesterday.contains(other)));
    assert_eq!(times_shown(&world, &women).await, 10);
}

#[tokio::test]
async fn an_entry_says_who_and_why() {
    let world = World::new().await;
    let me = person(Gender::Male, "1991-07-01");
    let mut her = person(Gender::Female, "1994-11-20");
    her.candidate.location = Some("서울".into());
    her.bio = Some("산책을 좋아해요".into());
    bring_in(&world, &[me.clone(), her.clone()]);
    let list = ask(&world, &me).await.expect(200).body;
    let entry = &list[0];
    assert_eq!(entry["user_id"], id(&her).to_string());
    assert_eq!(entry["name"], her.name);
    assert_eq!(entry["age"], 32);
    assert_eq!(entry["location"], "서울");
    assert_eq!(entry["bio"], "산책을 좋아해요");
    assert_eq!(entry["profile_img_url"], Value::Null);
    let parts = entry["breakdown"].as_array().unwrap();
    let points: i64 = parts
        .iter()
        .map(|part| part["points"].as_i64().unwrap())
        .sum();
    assert_eq!(entry["compatibility_score"], points);
    assert!((0..=100).contains(&points));

    let path = format!("/api/matches/{}/compatibility", id(&her));
    let token = import::access_token(&world.stack, &me).await.unwrap();
    let compatibility = world
        .call("GET", &path, Some(&token), None)
        .await
        .expect(200);
    assert_eq!(compatibility.body["score"], entry["compatibility_score"]);
    assert_eq!(compatibility.body["breakdown"], entry["breakdown"]);
}

#[tokio::test]
async fn whoever_has_no_profile_is_told_so() {
    let world = World::new().await;
    let stranger = world.sign_up("stranger").await;
    world
        .get(&stranger, PATH)
        .await
        .expect_error(403, "profile_missing", &[]);
    let answer = world.call("GET", PATH, None, None).await.expect(401);
    assert_eq!(answer.body["error"], answer.body["message"]);
}

#[tokio::test]
async fn nobody_asked_matched_declined_or_blocked_is_recommended() {
    let world = World::new().await;
    let me = person(Gender::Male, "1991-07-01");
    let women = women(12);
    bring_in(&world, &women);
    bring_in(&world, std::slice::from_ref(&me));
    let (apart, free) = women.split_at(8);
    for (number, other) in apart.iter().enumerate() {
        let (status, blocks) = match number / 2 {
            0 => (Some(Status::Requested), false),
            1 => (Some(Status::Matched), false),
            2 => (Some(Status::Declined), false),
            _ => (None, true),
        };
        relate(
            &world,
            match number % 2 {
                0 => between(id(&me), id(other), status, blocks),
                _ => between(id(other), id(&me), status, blocks),
            },
        );
    }
    // A request that was withdrawn and a block that was lifted keep nobody apart.
    relate(&world, between(id(&me), id(&free[0]), None, false));
    let mut found = list(&world, &me).await;
    let mut expected: Vec<UserId> = free.iter().map(id).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    // During the day they leave the list the same way.
    let changes = [
        (Some(Status::Requested), false),
        (Some(Status::Declined), false),
        (None, true),
    ];
    for (other, (status, blocks)) in free.iter().zip(changes) {
        relate(&world, between(id(other), id(&me), status, blocks));
        expected.retain(|left| *left != id(other));
        let mut left = list(&world, &me).await;
        left.sort();
        assert_eq!(left, expected);
    }
    assert_eq!(expected.len(), 1);
}

#[tokio::test]
async fn whoever_has_gone_leaves_the_list() {
    let world = World::new().await;
    let me = person(Gender::Male, "1991-07-01");
    bring_in(&world, &women(3));
    bring_in(&world, std::slice::from_ref(&me));
    let before = list(&world, &me).await;
    remove(&world, profile_key(before[1]));
    assert_eq!(list(&world, &me).await, [before[0], before[2]]);
}

#[tokio::test]
async fn whoever_goes_during_the_draw_makes_room_for_another() {
    let world = World::new().await;
    let me = person(Gender::Male, "1991-07-01");
    let women = women(5);
    bring_in(&world, &women);
    bring_in(&world, std::slice::from_ref(&me));
    // What the index still shows of people whose profiles are gone.
    let (gone, there) = women.split_at(3);
    let ghosts = gone.iter().map(|one| {
        let mut item = one.clone();
        item.place(today()).unwrap();
        let key = profile_key(id(one));
        remove(&world, key.clone());
        let ghost = Key {
            sk: "GHOST".into(),
            ..key
        };
        (ghost, item)
    });
    relate(&world, ghosts);
    count(&world);
    let mut found = list(&world, &me).await;
    // One attempt to store the list more than usual.
    assert_eq!(count(&world), 8);
    let mut expected: Vec<UserId> = there.iter().map(id).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(times_shown(&world, there).await, 2);
}

#[tokio::test]
async fn an_empty_list_is_drawn_anew() {
    let world = World::new().await;
    let me = person(Gender::Male, "1991-07-01");
    bring_in(&world, std::slice::from_ref(&me));
    count(&world);
    assert!(list(&world, &me).await.is_empty());
    // Profile and list, and two pools, which are empty.
    assert_eq!(count(&world), 3);
    let women = women(1);
    bring_in(&world, &women);
    assert_eq!(list(&world, &me).await, [id(&women[0])]);
    assert_eq!(list(&world, &me).await, [id(&women[0])]);
    assert_eq!(times_shown(&world, &women).await, 1);
}

#[tokio::test]
async fn two_requests_at_once_draw_one_list() {
    let world = World::new().await;
    let women = women(60);
    bring_in(&world, &women);
    for round in 1..=5 {
        let me = person(Gender::Male, "1991-07-01");
        bring_in(&world, std::slice::from_ref(&me));
        let lists = futures_util::future::join_all((0..4).map(|_| list(&world, &me))).await;
        assert!(lists.iter().all(|one| one.len() == 5 && *one == lists[0]));
        assert_eq!(times_shown(&world, &women).await, 5 * round);
    }
}

/// Removes an item behind everybody's back.
fn remove(world: &World, key: Key) {
    let tables = &world.stack.system().tables;
    let table = tables.iter().find(|table| table.logical_id == "SajuTable");
    let request = json!({
        "TableName": table.unwrap().name,
        "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
    });
    let request = enishi_local::database::from_json(request).unwrap();
    world.stack.database().delete_item(request).unwrap();
}
