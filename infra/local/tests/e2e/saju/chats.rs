//! Chats over HTTP: the list, the messages and their pages, what is unread, and who may.

mod pages;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::requests::{ask, block, dump, match_id, matched, people, unblock};
use crate::support::{Answer, Person, World, text, tokyo};

async fn say(world: &World, by: &Person, chat: &str, content: &str, id: &str) -> Answer {
    let body = json!({"content": content, "client_msg_id": id});
    world
        .post(by, &format!("/api/chats/{chat}/messages"), body)
        .await
}

async fn read(world: &World, by: &Person, chat: &str, seq: u64) -> Answer {
    let path = format!("/api/chats/{chat}/read");
    world.post(by, &path, json!({"seq": seq})).await
}

async fn page(world: &World, by: &Person, chat: &str, query: &str) -> Answer {
    let path = format!("/api/chats/{chat}/messages?{query}");
    world.get(by, &path).await
}

async fn seqs(world: &World, by: &Person, chat: &str, query: &str) -> Vec<u64> {
    let answer = page(world, by, chat, query).await.expect(200);
    let messages = answer.body.as_array().unwrap();
    messages
        .iter()
        .map(|message| message["seq"].as_u64().unwrap())
        .collect()
}

async fn list(world: &World, person: &Person) -> Value {
    world.get(person, "/api/chats").await.expect(200).body
}

fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// A woman, a man, and their chat.
async fn couple(world: &World) -> (Person, Person, String) {
    let mut people = people(world, 2).await;
    let (woman, man) = (people.pop().unwrap(), people.pop().unwrap());
    let chat = matched(world, &man, &woman).await;
    (woman, man, chat)
}

#[tokio::test]
async fn a_chat_from_its_first_message_to_the_last_that_is_read() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let fresh = json!([{
        "chat_id": chat,
        "partner": {"user_id": ann.id, "name": ann.name, "profile_img_url": null},
        "last_message": null,
        "last_message_at": null,
        "partner_read_seq": null,
        "unread_count": 0,
    }]);
    assert_eq!(list(&world, &ben).await, fresh);

    let sent = say(&world, &ann, &chat, "안녕하세요", "m1")
        .await
        .expect(201);
    let mut shown = keys(&sent.body);
    shown.sort_unstable();
    let expected = [
        "client_msg_id",
        "content",
        "message_id",
        "sender_id",
        "sent_at",
        "seq",
    ];
    assert_eq!(shown, expected);
    assert_eq!(sent.body["seq"], 1);
    assert_eq!(sent.text("sender_id"), ann.id);
    assert_eq!(sent.text("content"), "안녕하세요");
    let last = say(&world, &ann, &chat, "반가워요", "m2").await.expect(201);

    // Unread for the one, read by sending for the other.
    let bens = list(&world, &ben).await;
    assert_eq!(bens[0]["unread_count"], 2);
    assert_eq!(bens[0]["last_message"], "반가워요");
    assert_eq!(bens[0]["last_message_at"], last.body["sent_at"]);
    assert_eq!(list(&world, &ann).await[0]["unread_count"], 0);

    let answer = read(&world, &ben, &chat, 1).await.expect(200);
    let expected = json!({"chat_id": chat, "seq": 1, "unread_count": 1});
    assert_eq!(answer.body, expected);
    read(&world, &ben, &chat, 3)
        .await
        .expect_error(400, "invalid_parameter", &["seq: invalid"]);
    read(&world, &ben, &chat, 2).await.expect(200);
    // Never backwards.
    for lower in [0, 1, 2] {
        let answer = read(&world, &ben, &chat, lower).await.expect(200);
        let expected = json!({"chat_id": chat, "seq": 2, "unread_count": 0});
        assert_eq!(answer.body, expected);
    }
    // An answer marks the chat as read for who writes it.
    say(&world, &ann, &chat, "뭐 하세요?", "m3")
        .await
        .expect(201);
    say(&world, &ben, &chat, "책 읽어요", "m4")
        .await
        .expect(201);
    assert_eq!(list(&world, &ben).await[0]["unread_count"], 0);
    assert_eq!(list(&world, &ann).await[0]["unread_count"], 1);

    let messages = page(&world, &ben, &chat, "").await.expect(200).body;
    let contents: Vec<String> = (0..4).map(|at| text(&messages[at]["content"])).collect();
    assert_eq!(
        contents,
        ["책 읽어요", "뭐 하세요?", "반가워요", "안녕하세요"]
    );
    let mut shown = keys(&messages[3]);
    shown.sort_unstable();
    let expected = ["content", "message_id", "sender_id", "sent_at", "seq"];
    assert_eq!(shown, expected);
    assert_eq!(messages[3]["message_id"], sent.body["message_id"]);
}

#[tokio::test]
async fn the_same_client_msg_id_is_the_same_message() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    let first = say(&world, &ann, &chat, "one", "same").await.expect(201);
    say(&world, &ben, &chat, "between", "b").await.expect(201);
    world.stack.clock().set(Some(tokyo("2026-11-20T20:05")));
    let again = say(&world, &ann, &chat, "one", "same").await.expect(201);
    assert_eq!(first.body, again.body);
    let other = say(&world, &ann, &chat, "two", "same")
        .await
        .expect_error(409, "conflict", &[]);
    let sentence = "client_msg_id was used for another message";
    assert_eq!(other.text("message"), sentence);
    assert_eq!(other.text("error"), sentence);
    // Somebody else's is another.
    let bens = say(&world, &ben, &chat, "one", "same").await.expect(201);
    assert_eq!(bens.body["seq"], 3);
    assert_eq!(seqs(&world, &ann, &chat, "").await, [3, 2, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_type_at_once() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    // Every tenth message is sent twice in the same moment.
    let sends = (0..55).flat_map(|number| {
        [&ann, &ben].map(|person| {
            let (world, chat) = (&world, chat.as_str());
            async move {
                let id = format!("m{}", number % 50);
                let content = format!("{} {id}", person.name);
                let sent = say(world, person, chat, &content, &id).await.expect(201);
                (person.name.clone(), id, sent.body)
            }
        })
    });
    let sent = join_all(sends).await;
    let mut first: std::collections::BTreeMap<_, Value> = std::collections::BTreeMap::new();
    for (name, id, body) in sent {
        let known = first.entry((name, id)).or_insert_with(|| body.clone());
        assert_eq!(*known, body);
    }
    let all = seqs(&world, &ann, &chat, "after_seq=0&limit=100").await;
    assert_eq!(all, (1..=100).collect::<Vec<u64>>());
    assert!(seqs(&world, &ann, &chat, "after_seq=100").await.is_empty());
    let answered: BTreeSet<u64> = first
        .values()
        .map(|body| body["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(answered.len(), 100);
    // Whoever wrote last has read all; the other what came up to their own last message.
    let last = |person: &Person| {
        let seqs = first.iter().filter(|((name, _), _)| *name == person.name);
        seqs.map(|(_, body)| body["seq"].as_u64().unwrap())
            .max()
            .unwrap()
    };
    for person in [&ann, &ben] {
        let unread = &list(&world, person).await[0]["unread_count"];
        assert_eq!(*unread, 100 - last(person), "{}", person.name);
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let world = World::new().await;
    let (ann, _, chat) = couple(&world).await;
    let longest = "긴".repeat(4_000);
    for (number, content) in ["a", "두 줄\n입니다", " \u{a0}x ", &longest]
        .iter()
        .enumerate()
    {
        let sent = say(&world, &ann, &chat, content, &number.to_string())
            .await
            .expect(201);
        assert_eq!(sent.text("content"), *content);
    }
    let too_long = "긴".repeat(4_001);
    for content in ["", " \n ", "\u{3000}", "a\tb", "a\0", "\u{85}x", &too_long] {
        say(&world, &ann, &chat, content, "id").await.expect_error(
            400,
            "invalid_parameter",
            &["content: invalid"],
        );
    }
    say(&world, &ann, &chat, "ok", &"가".repeat(64))
        .await
        .expect(201);
    let too_long = "가".repeat(65);
    for id in ["", "a b", "a\n", "\u{3000}", &too_long] {
        say(&world, &ann, &chat, "ok", id).await.expect_error(
            400,
            "invalid_parameter",
            &["client_msg_id: invalid"],
        );
    }
    let path = format!("/api/chats/{chat}/messages");
    for (body, fault) in [
        (json!({"content": "x"}), "client_msg_id: missing_field"),
        (json!({"client_msg_id": "x"}), "content: missing_field"),
        (
            json!({"content": 1, "client_msg_id": "x"}),
            "content: invalid",
        ),
        (
            json!({"content": "x", "client_msg_id": "x", "seq": 9}),
            "seq: invalid",
        ),
    ] {
        let answer = world.post(&ann, &path, body).await;
        answer.expect_error(400, "invalid_parameter", &[fault]);
    }
    for (seq, fault) in [
        (json!(-1), "seq: invalid"),
        (json!("1"), "seq: invalid"),
        (json!(1.5), "seq: invalid"),
    ] {
        let path = format!("/api/chats/{chat}/read");
        let answer = world.post(&ann, &path, json!({"seq": seq})).await;
        answer.expect_error(400, "invalid_parameter", &[fault]);
    }
    assert_eq!(seqs(&world, &ann, &chat, "limit=1").await, [5]);
}

/// What somebody who has no such chat is told, whatever they ask.
async fn is_hidden(world: &World, from: &Person, chat: &str) {
    let before = dump(world);
    for answer in [
        say(world, from, chat, "hello", "hidden").await,
        page(world, from, chat, "").await,
        page(world, from, chat, "offset=1").await,
        page(world, from, chat, "after_seq=0").await,
        read(world, from, chat, 0).await,
    ] {
        let answer = answer.expect_error(404, "not_found", &[]);
        assert_eq!(answer.body["error"], answer.body["message"]);
    }
    assert_eq!(dump(world), before);
}

#[tokio::test]
async fn a_chat_is_there_for_its_two_people_only() {
    let world = World::new().await;
    let people = people(&world, 4).await;
    let [ann, ben, cleo, dan] = [0, 1, 2, 3].map(|at| &people[at]);
    let chat = matched(&world, ann, ben).await;
    say(&world, ann, &chat, "between us", "1").await.expect(201);
    is_hidden(&world, cleo, &chat).await;
    assert_eq!(list(&world, cleo).await, json!([]));
    // Asked, not accepted; never asked.
    ask(&world, cleo, dan).await.expect(201);
    for person in [cleo, dan] {
        is_hidden(&world, person, &match_id(cleo, dan)).await;
    }
    is_hidden(&world, ann, &match_id(ann, dan)).await;
    is_hidden(&world, ann, "nonsense").await;
    // An account of another product has no profile here.
    let mut stranger = world.sign_up("stranger").await;
    world
        .get(&stranger, "/api/chats")
        .await
        .expect_error(403, "profile_missing", &[]);
    is_hidden(&world, &stranger, &chat).await;
    stranger.access_token = "nonsense".into();
    for answer in [
        world.get(&stranger, "/api/chats").await,
        page(&world, &stranger, &chat, "").await,
        say(&world, &stranger, &chat, "x", "1").await,
        read(&world, &stranger, &chat, 0).await,
    ] {
        answer.expect_error(401, "access_token_invalid", &[]);
    }
}

#[tokio::test]
async fn a_block_hides_the_chat_from_both_until_it_is_lifted() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    say(&world, &ann, &chat, "hello", "1").await.expect(201);
    for by in [&ann, &ben] {
        let whom = if by.id == ann.id { &ben } else { &ann };
        block(&world, by, whom).await.expect(201);
        for person in [&ann, &ben] {
            is_hidden(&world, person, &chat).await;
            // The first answer is hidden, too.
            say(&world, person, &chat, "hello", "1").await.expect(404);
            assert_eq!(list(&world, person).await, json!([]));
        }
        let lifted = unblock(&world, by, whom).await;
        assert!(lifted.status.is_success(), "{}", lifted.text);
        let shown = list(&world, &ben).await;
        assert_eq!(shown[0]["last_message"], "hello");
        assert_eq!(seqs(&world, &ben, &chat, "").await, [1]);
    }
    say(&world, &ann, &chat, "again", "2").await.expect(201);
}

#[tokio::test]
async fn whoever_is_gone_has_no_name_no_list_and_no_say() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    say(&world, &ann, &chat, "hello", "1").await.expect(201);
    let erased = world.account_deleted("SajuFollowAccount", &ann.id).await;
    erased.unwrap();
    // The token outlives the account for a while, and the profile is gone.
    for answer in [
        world.get(&ann, "/api/chats").await,
        page(&world, &ann, &chat, "").await,
        say(&world, &ann, &chat, "late", "2").await,
        say(&world, &ann, &chat, "hello", "1").await,
        read(&world, &ann, &chat, 1).await,
    ] {
        answer.expect_error(403, "profile_missing", &[]);
    }
    let sent = say(&world, &ben, &chat, "are you there?", "1")
        .await
        .expect(201);
    assert_eq!(sent.body["seq"], 2);
    let shown = list(&world, &ben).await;
    let partner = json!({"user_id": ann.id, "name": null, "profile_img_url": null});
    assert_eq!(shown[0]["partner"], partner);
    assert_eq!(shown[0]["last_message"], "are you there?");
    // Nothing of hers came back.
    let hers = format!("USER#{}", ann.id);
    let rows = dump(&world);
    assert!(rows.iter().all(|item| item["pk"]["S"] != hers.as_str()));
}
