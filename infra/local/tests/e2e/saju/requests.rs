//! Requests: who may ask, accept, decline and take back, in every state, and all at once.

use std::collections::BTreeSet;

use enishi_local::database::from_json;
use futures_util::future::{join, join_all};
use http::{Request, header};
use serde_json::{Value, json};

use super::register;
use crate::support::{Answer, Person, World, text};

/// `count` people with profiles: men and women in turn, each born on another day.
pub async fn people(world: &World, count: usize) -> Vec<Person> {
    let each = (0..count).map(|number| async move {
        let gender = ["male", "female"][number % 2];
        let born = format!("1995-03-{:02}", number + 1);
        register(world, &format!("s{number}"), &born, gender).await
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

pub async fn unblock(world: &World, by: &Person, whom: &Person) -> Answer {
    let path = format!("/api/blocks/{}", whom.id);
    let token = Some(by.access_token.as_str());
    world.call("DELETE", &path, token, None).await
}

/// All of saju's table, in order.
pub fn dump(world: &World) -> Vec<Value> {
    let mut items = Vec::new();
    let mut request = json!({"TableName": "SajuTable"});
    loop {
        let page = (world.stack.database()).scan(from_json(request.clone()).unwrap());
        let page = serde_json::to_value(page.unwrap()).unwrap();
        items.extend(page["Items"].as_array().unwrap().clone());
        if page["LastEvaluatedKey"].is_null() {
            break;
        }
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    }
    items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
    items
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
/// a match has its chat and nothing else has one, and the chat says who blocks. `gone` are those
/// who closed their accounts: nothing is left of them.
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
            None => assert!(
                gone.contains(other) && status == "matched",
                "{item} is alone"
            ),
        }
        let ids = (me.parse().unwrap(), other.parse().unwrap());
        let pair = enishi_saju::pair::PairId::of(ids.0, ids.1).unwrap();
        let chat = find(&format!("CHAT#{pair}"), "CHAT");
        assert_eq!(chat.is_some(), status == "matched", "{item} {chat:?}");
        assert_eq!(
            find(&pk, &format!("CHAT#{pair}")).is_some(),
            status == "matched"
        );
        if let Some(chat) = chat {
            let stopped = chat["blocked_by"]["SS"].as_array();
            let stopped: BTreeSet<&str> =
                (stopped.into_iter().flatten().filter_map(Value::as_str)).collect();
            assert_eq!(stopped, blocking, "{item} {chat}");
            chats.insert(pair.to_string());
        }
    }
    for item in &items {
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
    insta::assert_json_snapshot!(sent, {"[].match_id" => "[match]", "[].partner.user_id" => "[user]"}, @r#"
    [
      {
        "compatibility_score": 0,
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
    let score = &received[0]["compatibility_score"];
    assert_eq!(score, &sent[0]["compatibility_score"]);

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

/// What lies between two people, before something is tried.
#[derive(Clone, Copy, Debug)]
enum State {
    Nothing,
    Requested,
    Matched,
    Declined,
    Cancelled,
    /// A request, and a block by the receiver.
    RequestedBlocked,
    /// A request, and a block by the requester.
    RequestedBlocking,
    MatchedBlocked,
    /// A block by the receiver and no request.
    Blocked,
    /// A request, and a block that was lifted.
    Lifted,
}

impl State {
    async fn reach(self, world: &World, requester: &Person, receiver: &Person) {
        if matches!(self, Self::Nothing | Self::Blocked) {
            if matches!(self, Self::Blocked) {
                block(world, receiver, requester).await.expect(201);
            }
            return;
        }
        let id = ask(world, requester, receiver).await.expect(201);
        let id = id.text("match_id");
        match self {
            Self::Matched | Self::MatchedBlocked => {
                act(world, receiver, &id, "accept").await.expect(200);
            }
            Self::Declined => drop(act(world, receiver, &id, "decline").await.expect(200)),
            Self::Cancelled => drop(act(world, requester, &id, "cancel").await.expect(204)),
            _ => {}
        }
        match self {
            Self::RequestedBlocked | Self::MatchedBlocked => {
                block(world, receiver, requester).await.expect(201);
            }
            Self::RequestedBlocking => drop(block(world, requester, receiver).await.expect(201)),
            Self::Lifted => {
                block(world, receiver, requester).await.expect(201);
                unblock(world, receiver, requester).await.expect(204);
            }
            _ => {}
        }
    }

    /// What is answered to request, accept, decline and cancel: to the requester, to the receiver.
    fn answers(self) -> [(u16, u16); 4] {
        match self {
            Self::Nothing | Self::Cancelled => [(201, 201), (404, 404), (404, 404), (404, 404)],
            Self::Requested | Self::Lifted => [(409, 409), (403, 200), (403, 200), (204, 403)],
            Self::Matched => [(409, 409), (403, 200), (403, 409), (409, 403)],
            Self::Declined => [(409, 409), (403, 409), (403, 200), (409, 403)],
            Self::RequestedBlocked
            | Self::RequestedBlocking
            | Self::MatchedBlocked
            | Self::Blocked => [(404, 404); 4],
        }
    }
}

const STATES: [State; 10] = [
    State::Nothing,
    State::Requested,
    State::Matched,
    State::Declined,
    State::Cancelled,
    State::RequestedBlocked,
    State::RequestedBlocking,
    State::MatchedBlocked,
    State::Blocked,
    State::Lifted,
];

#[tokio::test]
async fn every_step_in_every_state_by_everybody() {
    let world = World::new().await;
    // Each case has a pair of its own: 14 people make 91.
    let people = people(&world, 15).await;
    let (stranger, people) = people.split_last().unwrap();
    let mut pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for state in STATES {
        let steps = ["request", "accept", "decline", "cancel"];
        for (step, (requesters, receivers)) in steps.into_iter().zip(state.answers()) {
            for (by_requester, status) in [(true, requesters), (false, receivers)] {
                let case = format!("{step} in {state:?}, by the requester: {by_requester}");
                let (one, other) = pairs.next().unwrap();
                let (requester, receiver) = (&people[one], &people[other]);
                state.reach(&world, requester, receiver).await;
                let id = match_id(requester, receiver);
                let before = between(&world, requester, receiver);
                if step != "request" {
                    let answer = act(&world, stranger, &id, step).await;
                    answer.expect_error(404, "not_found", &[]);
                }
                let (actor, partner) = match by_requester {
                    true => (requester, receiver),
                    false => (receiver, requester),
                };
                let answer = match step {
                    "request" => ask(&world, actor, partner).await,
                    step => act(&world, actor, &id, step).await,
                };
                assert_eq!(answer.status, status, "{case}: {}", answer.text);
                let after = between(&world, requester, receiver);
                // Done before is done as well: nothing changes then.
                let repeated = matches!(
                    (state, step, status),
                    (State::Matched, "accept", 200) | (State::Declined, "decline", 200)
                );
                assert_eq!(before == after, status >= 400 || repeated, "{case}");
                if status >= 400 {
                    let code = match status {
                        403 => "forbidden",
                        404 => "not_found",
                        _ => "conflict",
                    };
                    let answer = answer.expect_error(status, code, &[]);
                    assert_eq!(answer.body["error"], answer.body["message"], "{case}");
                } else if status != 204 {
                    assert_eq!(answer.body["match_id"], id.as_str(), "{case}");
                    let found = list(&world, actor).await;
                    let found = found.iter().find(|item| item["match_id"] == id.as_str());
                    assert_eq!(found.unwrap()["status"], answer.body["status"], "{case}");
                }
                check(&world, &[]);
            }
        }
    }
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
        let answer = answer.expect_error(401, "access_token_invalid", &[]);
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_requests_at_once_exactly_one_is_made() {
    let world = World::new().await;
    let people = people(&world, 7).await;
    let pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for (one, other) in pairs.take(20) {
        let (one, other) = (&people[one], &people[other]);
        let asked = [(one, other), (other, one), (one, other), (other, one)];
        let answers = join_all(asked.map(|(by, whom)| ask(&world, by, whom))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|it| it.status.as_u16()).collect();
        let requester = asked[statuses.iter().position(|it| *it == 201).unwrap()].0;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
        let id = match_id(one, other);
        for person in [one, other] {
            let list = list(&world, person).await;
            let found = list.iter().find(|item| item["match_id"] == id.as_str());
            let direction = match person.id == requester.id {
                true => "sent",
                false => "received",
            };
            assert_eq!(found.unwrap()["direction"], direction);
        }
    }
    check(&world, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_has_one_end_however_many_are_tried_at_once() {
    let world = World::new().await;
    let people = people(&world, 9).await;
    let pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for (number, (one, other)) in pairs.take(36).enumerate() {
        let (requester, receiver) = (&people[one], &people[other]);
        let id = ask(&world, requester, receiver).await.expect(201);
        let id = id.text("match_id");
        let rivals = [
            [(receiver, "accept"), (receiver, "accept")],
            [(receiver, "accept"), (requester, "cancel")],
            [(requester, "cancel"), (receiver, "accept")],
            [(receiver, "accept"), (receiver, "decline")],
            [(requester, "cancel"), (receiver, "decline")],
            [(requester, "cancel"), (requester, "cancel")],
        ];
        let [first, second] = rivals[number % rivals.len()];
        let (one, two) = join(
            act(&world, first.0, &id, first.1),
            act(&world, second.0, &id, second.1),
        )
        .await;
        let mut done = vec![(first.1, one.status), (second.1, two.status)];
        done.retain(|(_, status)| status.is_success());
        let shown = list(&world, requester).await;
        let shown = shown.iter().find(|item| item["match_id"] == id.as_str());
        let status = shown.map_or_else(|| "gone".into(), |item| text(&item["status"]));
        if first.1 == "accept" && second.1 == "accept" {
            assert_eq!((done.len(), status.as_str()), (2, "matched"));
        } else {
            assert_eq!(done.len(), 1, "{first:?} {second:?}");
            let expected = match done[0].0 {
                "accept" => "matched",
                "decline" => "declined",
                _ => "gone",
            };
            assert_eq!(status, expected);
        }
    }
    check(&world, &[]);
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

#[tokio::test]
async fn the_list_is_newest_first_and_loses_nothing_between_pages() {
    let world = World::new().await;
    let mut people = people(&world, 12).await;
    // Three at each moment, in both directions.
    for (number, minute) in (1..12).zip([0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9]) {
        world.at(&format!("2026-11-20T20:{minute:02}")).await;
        let (by, whom) = match number % 2 {
            0 => (0, number),
            _ => (number, 0),
        };
        ask(&world, &people[by], &people[whom]).await.expect(201);
    }
    world.refresh(&mut people[0]).await;
    let me = &people[0];
    let whole = list(&world, me).await;
    assert_eq!(whole.len(), 11);
    let times: Vec<String> = whole.iter().map(|item| text(&item["created_at"])).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");

    for limit in [1, 2, 3, 4, 5, 10, 11, 50] {
        let mut path = Some(format!("/api/matches?limit={limit}"));
        let mut all = Vec::new();
        while let Some(next) = path.take() {
            let answer = world.get(me, &next).await.expect(200);
            let page = answer.body.as_array().unwrap().clone();
            assert!(page.len() <= limit);
            all.extend(page);
            path = answer.headers.get(header::LINK).map(|link| {
                let link = link.to_str().unwrap();
                link[1..link.find('>').unwrap()].to_owned()
            });
        }
        assert_eq!(all, whole, "{limit}");
    }
    // Somebody else's cursor leads into one's own list.
    let answer = world.get(me, "/api/matches?limit=1").await.expect(200);
    let link = answer.headers[header::LINK].to_str().unwrap();
    let path = &link[1..link.find('>').unwrap()];
    let others = world.get(&people[1], path).await.expect(200);
    for item in others.body.as_array().unwrap() {
        assert_eq!(item["partner"]["user_id"], me.id.as_str());
    }
}
