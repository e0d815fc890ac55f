//! Requests: who may ask, accept, decline and take back; and what the tests of what is between
//! people share.

mod at_once;
mod list;
mod states;
mod wishes;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::{Request, header};
use serde_json::{Value, json};

use super::register;
use crate::support::{Answer, Person, World, text};

/// `count` people with profiles, each born on another day, who look for everybody and whom everybody here
/// may ask.
pub async fn people(world: &World, count: usize) -> Vec<Person> {
    let each = (0..count).map(|number| async move {
        let born = format!("1995-03-{:02}", number + 1);
        register(world, &format!("s{number}"), &born, "other").await
    });
    join_all(each).await
}

/// `by` asks `whom`.
pub async fn ask(world: &World, by: &Person, whom: &Person) -> Answer {
    let body = json!({"receiver_id": whom.id});
    world.post(by, "/api/matches/request", body).await
}

/// `accept`, `decline` or `cancel`.
pub async fn act(world: &World, by: &Person, match_id: &str, step: &str) -> Answer {
    let path = format!("/api/matches/{match_id}/{step}");
    let token = Some(by.access_token.as_str());
    world.call("POST", &path, token, None).await
}

/// A match: `by` asked, `whom` accepted. Answers its id.
pub async fn matched(world: &World, by: &Person, whom: &Person) -> String {
    let id = ask(world, by, whom).await.expect(201).text("match_id");
    act(world, whom, &id, "accept").await.expect(200);
    id
}

/// The id of two people's match, which both ids make.
pub fn match_id(one: &Person, other: &Person) -> String {
    let id = |person: &Person| person.id.parse().unwrap();
    let pair = enishi_saju::pair::PairId::of(id(one), id(other)).unwrap();
    pair.to_string()
}

/// `GET /api/matches`.
pub async fn list(world: &World, person: &Person) -> Vec<Value> {
    let answer = world.get(person, "/api/matches").await.expect(200);
    answer.body.as_array().unwrap().clone()
}

pub async fn block(world: &World, by: &Person, whom: &Person) -> Answer {
    let body = json!({"user_id": whom.id});
    world.post(by, "/api/blocks", body).await
}

/// `DELETE /api/chats/{chat_id}`.
pub async fn unmatch(world: &World, by: &Person, chat_id: &str) -> Answer {
    let path = format!("/api/chats/{chat_id}");
    let token = Some(by.access_token.as_str());
    world.call("DELETE", &path, token, None).await
}

/// `PUT /api/users/me`.
pub async fn change(world: &World, by: &Person, body: Value) -> Answer {
    let token = Some(by.access_token.as_str());
    world.call("PUT", "/api/users/me", token, Some(body)).await
}

pub async fn unblock(world: &World, by: &Person, whom: &Person) -> Answer {
    let path = format!("/api/blocks/{}", whom.id);
    let token = Some(by.access_token.as_str());
    world.call("DELETE", &path, token, None).await
}

/// All of saju's table, in order, but the counts of attempts, which name nobody.
pub fn dump(world: &World) -> Vec<Value> {
    world.items("SajuTable")
}

/// The items whose keys speak of both people.
fn between(world: &World, one: &Person, other: &Person) -> Vec<Value> {
    let pair = match_id(one, other);
    let mut items = dump(world);
    items.retain(|item| {
        let key = format!("{} {}", item["pk"]["S"], item["sk"]["S"]);
        key.contains(&pair) || (key.contains(&one.id) && key.contains(&other.id))
    });
    items
}

/// What holds whenever nothing is under way: the rows of a pair mirror each other, none is empty,
/// who blocks has it in their list, a match has its chat and nothing else has one, and the chat says who
/// blocks, or that it has ended with its match. `gone` are those who closed their accounts: nothing is left
/// of them.
pub fn check(world: &World, gone: &[&Person]) {
    let items = dump(world);
    let find = |pk: &str, sk: &str| {
        let is_it = |item: &&Value| item["pk"]["S"] == pk && item["sk"]["S"] == sk;
        items.iter().find(is_it)
    };
    let gone: BTreeSet<&str> = gone.iter().map(|person| person.id.as_str()).collect();
    let mut chats = BTreeSet::new();
    for item in &items {
        let (pk, sk) = (text(&item["pk"]["S"]), text(&item["sk"]["S"]));
        if let Some(user) = pk.strip_prefix("USER#") {
            assert!(!gone.contains(user), "{item}");
            assert!(find(&pk, "PROFILE").is_some(), "{item}");
        }
        let (Some(me), Some(other)) = (pk.strip_prefix("USER#"), sk.strip_prefix("WITH#")) else {
            continue;
        };
        let is = |row: &Value, flag: &str| row[flag]["BOOL"] == true;
        assert_eq!(item["user_id"]["S"], me, "{item}");
        assert_eq!(item["other_id"]["S"], other, "{item}");
        let status = text(&item["status"]["S"]);
        assert!(
            !status.is_empty() || is(item, "blocks") || is(item, "blocked"),
            "an empty row {item}"
        );
        assert_eq!(item["listing_key"].is_null(), status.is_empty(), "{item}");
        let listed = find(&pk, &format!("BLOCK#{other}"));
        assert_eq!(listed.is_some(), is(item, "blocks"), "{item} {listed:?}");
        let has_chat = ["matched", "ended"].contains(&status.as_str());
        let mut blocking = BTreeSet::new();
        if is(item, "blocks") {
            blocking.insert(me);
        }
        if is(item, "blocked") {
            blocking.insert(other);
        }
        match find(&format!("USER#{other}"), &format!("WITH#{me}")) {
            Some(mirror) => {
                for field in [
                    "status",
                    "requester_id",
                    "compatibility_score",
                    "created_at",
                    "listing_order",
                ] {
                    assert_eq!(item[field], mirror[field], "{field} of {item} and {mirror}");
                }
                assert_eq!(is(item, "blocks"), is(mirror, "blocked"));
            }
            None => assert!(gone.contains(other) && has_chat, "{item} is alone"),
        }
        let ids = (me.parse().unwrap(), other.parse().unwrap());
        let pair = enishi_saju::pair::PairId::of(ids.0, ids.1).unwrap();
        let chat = find(&format!("CHAT#{pair}"), "CHAT");
        assert_eq!(chat.is_some(), has_chat, "{item} {chat:?}");
        assert_eq!(find(&pk, &format!("CHAT#{pair}")).is_some(), has_chat);
        if let Some(chat) = chat {
            let stopped = chat["blocked_by"]["SS"].as_array();
            let stopped: BTreeSet<&str> =
                (stopped.into_iter().flatten().filter_map(Value::as_str)).collect();
            let ended = status == "ended";
            assert!(ended || stopped == blocking, "{item} {chat}");
            assert_eq!(!chat["expires_at"].is_null(), ended, "{item} {chat}");
            chats.insert(pair.to_string());
        }
    }
    for item in &items {
        let (pk, sk) = (text(&item["pk"]["S"]), text(&item["sk"]["S"]));
        if let Some(blocked) = sk.strip_prefix("BLOCK#") {
            let row = find(&pk, &format!("WITH#{blocked}"));
            assert!(
                row.is_some_and(|row| row["blocks"]["BOOL"] == true),
                "{item}"
            );
        }
        if let Some(chat) = item["pk"]["S"].as_str().unwrap().strip_prefix("CHAT#") {
            assert!(chats.contains(chat), "nobody is in {item}");
        }
    }
}

#[tokio::test]
async fn a_request_shows_to_both_and_an_accepted_one_has_a_chat() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let answer = ask(&world, &both[0], &both[1]).await.expect(201);
    let id = match_id(&both[0], &both[1]);
    assert_eq!(answer.body, json!({"match_id": id, "status": "requested"}));

    let sent = list(&world, &both[0]).await;
    insta::assert_json_snapshot!(sent, {"[].match_id" => "[match]", "[].partner.user_id" => "[user]", "[].compatibility_score" => "[score]"}, @r#"
    [
      {
        "compatibility_score": "[score]",
        "created_at": "2026-11-20T11:00:00Z",
        "direction": "sent",
        "match_id": "[match]",
        "partner": {
          "age": 31,
          "name": "s1",
          "profile_img_url": null,
          "user_id": "[user]"
        },
        "status": "requested"
      }
    ]
    "#);
    assert_eq!(sent[0]["match_id"], id.as_str());
    let received = list(&world, &both[1]).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["direction"], "received");
    assert_eq!(received[0]["partner"]["user_id"], both[0].id.as_str());
    let side = |date: &str| {
        let birth = enishi_saju::pillars::Birth::new(date.parse().unwrap(), None);
        enishi_saju::score::Side {
            pillars: birth.unwrap().pillars(),
            gender: enishi_saju::profile::Gender::Other,
        }
    };
    let score = enishi_saju::score::score_of(&side("1995-03-01"), &side("1995-03-02"));
    for shown in [&sent[0], &received[0]] {
        assert_eq!(shown["compatibility_score"], score);
    }

    let accepted = json!({"match_id": id, "status": "matched", "chat_id": id});
    for _ in 0..3 {
        let answer = act(&world, &both[1], &id, "accept").await.expect(200);
        assert_eq!(answer.body, accepted);
    }
    for person in &both {
        let list = list(&world, person).await;
        assert_eq!(list[0]["status"], "matched");
        assert_eq!(list[0]["chat_id"], id.as_str());
    }
    check(&world, &[]);
}

#[tokio::test]
async fn whoever_has_no_profile_is_nobody_here() {
    let world = World::new().await;
    let person = people(&world, 1).await.remove(0);
    let guest = world.sign_up("guest").await;
    let id = match_id(&person, &guest);
    let token = Some(guest.access_token.as_str());
    for (method, path, body) in [
        (
            "POST",
            "/api/matches/request".to_owned(),
            Some(json!({"receiver_id": person.id})),
        ),
        ("POST", format!("/api/matches/{id}/accept"), None),
        ("POST", format!("/api/matches/{id}/decline"), None),
        ("POST", format!("/api/matches/{id}/cancel"), None),
        (
            "POST",
            "/api/blocks".to_owned(),
            Some(json!({"user_id": person.id})),
        ),
        ("DELETE", format!("/api/blocks/{}", person.id), None),
        (
            "POST",
            "/api/reports".to_owned(),
            Some(json!({"user_id": person.id, "reason": "spam"})),
        ),
    ] {
        let answer = world.call(method, &path, token, body).await;
        answer.expect_error(403, "profile_missing", &[]);
    }
    // Nor can they be asked.
    let answer = ask(&world, &person, &guest).await;
    answer.expect_error(404, "not_found", &[]);
    check(&world, &[]);
}

#[tokio::test]
async fn a_second_request_is_told_so_exactly() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let id = ask(&world, &both[0], &both[1]).await.expect(201);
    let message = "Match request already exists";
    let expected = json!({"status": 409, "code": "conflict", "message": message, "error": message});
    for _ in ["requested", "declined"] {
        for (by, whom) in [(0, 1), (1, 0)] {
            let answer = ask(&world, &both[by], &both[whom]).await.expect(409);
            assert_eq!(answer.body, expected);
        }
        let id = id.text("match_id");
        act(&world, &both[1], &id, "decline").await.expect(200);
    }
}

#[tokio::test]
async fn a_wrong_request_is_refused_by_its_field() {
    let world = World::new().await;
    let me = people(&world, 1).await.remove(0);
    for (body, field) in [
        (json!({}), "receiver_id: missing_field"),
        (json!({"receiver_id": null}), "receiver_id: invalid"),
        (json!({"receiver_id": 7}), "receiver_id: invalid"),
        (json!({"receiver_id": "7"}), "receiver_id: invalid"),
        (json!({"receiver_id": me.id}), "receiver_id: invalid"),
        (
            json!({"receiver_id": me.id, "status": "matched"}),
            "status: invalid",
        ),
    ] {
        let answer = world.post(&me, "/api/matches/request", body).await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
    let unknown = json!({"receiver_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50"});
    let answer = world.post(&me, "/api/matches/request", unknown).await;
    answer.expect_error(404, "not_found", &[]);
    for id in ["x", &me.id, &format!("{}A", "A".repeat(42))] {
        for step in ["accept", "decline", "cancel"] {
            act(&world, &me, id, step)
                .await
                .expect_error(404, "not_found", &[]);
        }
    }
    for query in [
        "limit=0",
        "limit=51",
        "limit=x",
        "cursor=x",
        "cursor=eA",
        "status=matched",
    ] {
        let field = query.split('=').next().unwrap();
        let answer = world.get(&me, &format!("/api/matches?{query}")).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
}

#[tokio::test]
async fn what_was_taken_back_can_be_asked_again_either_way() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    for (by, whom) in [(0, 1), (0, 1), (1, 0), (0, 1)] {
        let (by, whom) = (&both[by], &both[whom]);
        let id = ask(&world, by, whom).await.expect(201).text("match_id");
        assert_eq!(list(&world, by).await[0]["direction"], "sent");
        assert_eq!(list(&world, whom).await[0]["direction"], "received");
        act(&world, by, &id, "cancel").await.expect(204);
        let again = act(&world, by, &id, "cancel").await;
        again.expect_error(404, "not_found", &[]);
        for person in [by, whom] {
            assert!(list(&world, person).await.is_empty());
        }
    }
    assert!(between(&world, &both[0], &both[1]).is_empty());
    matched(&world, &both[1], &both[0]).await;
    check(&world, &[]);
}

async fn ask_keyed(world: &World, by: &Person, key: &str, whom: &Person) -> Answer {
    let request = Request::post("/api/matches/request")
        .header(header::AUTHORIZATION, format!("Bearer {}", by.access_token))
        .header(header::CONTENT_TYPE, "application/json")
        .header("Idempotency-Key", key)
        .body(json!({"receiver_id": whom.id}).to_string().into());
    world.send(request.unwrap()).await
}

#[tokio::test]
async fn a_key_makes_asking_safe_to_repeat() {
    let world = World::new().await;
    let people = people(&world, 3).await;
    let [me, other, third] = &people[..] else {
        panic!()
    };
    let first = ask_keyed(&world, me, "one", other).await.expect(201);
    for _ in 0..2 {
        let again = ask_keyed(&world, me, "one", other).await.expect(201);
        assert_eq!(again.body, first.body);
    }
    // The key is the caller's and the body's.
    let answer = ask_keyed(&world, me, "one", third).await;
    answer.expect_error(409, "conflict", &[]);
    let answer = ask_keyed(&world, other, "one", me).await;
    answer.expect_error(409, "conflict", &[]);
    let answer = ask_keyed(&world, me, "two", other).await;
    answer.expect_error(409, "conflict", &[]);
    // Once it is gone it is not made anew; nor is the other's request one's own.
    let id = first.text("match_id");
    act(&world, me, &id, "cancel").await.expect(204);
    let answer = ask_keyed(&world, me, "one", other).await;
    answer.expect_error(409, "conflict", &[]);
    ask(&world, other, me).await.expect(201);
    let answer = ask_keyed(&world, me, "one", other).await;
    answer.expect_error(409, "conflict", &[]);
    // A refused one leaves no trace of its key.
    ask_keyed(&world, me, "two", third).await.expect(201);
    check(&world, &[]);
}
