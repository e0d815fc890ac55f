//! `DELETE /api/chats/{chat_id}`: a match that is let go.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::requests::{ask, block, check, dump, list, match_id, matched, people, unblock, unmatch};
use crate::{
    live::Socket,
    support::{Person, World},
};

async fn say(world: &World, by: &Person, chat_id: &str, content: &str) -> u16 {
    let body = json!({"content": content, "client_msg_id": "1"});
    let path = format!("/api/chats/{chat_id}/messages");
    world.post(by, &path, body).await.status.as_u16()
}

/// That nothing of the match is there for somebody any more.
async fn has_lost(world: &World, me: &Person, chat: &str) {
    assert_eq!(list(world, me).await, Vec::<Value>::new());
    let chats = world.get(me, "/api/chats").await.expect(200);
    assert_eq!(chats.body, json!([]));
    let path = format!("/api/chats/{chat}/messages");
    world
        .get(me, &path)
        .await
        .expect_error(404, "not_found", &[]);
    assert_eq!(say(world, me, chat, "여보세요").await, 404);
    let path = format!("/api/chats/{chat}/read");
    let read = world.post(me, &path, json!({"seq": 1})).await;
    read.expect_error(404, "not_found", &[]);
}

#[tokio::test]
async fn both_lose_the_chat_and_a_report_keeps_what_it_needs() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let (by, other) = (&both[0], &both[1]);
    let chat = matched(&world, by, other).await;
    assert_eq!(say(&world, other, &chat, "나쁜 말").await, 201);
    world.stack.settle().await;
    let mut socket = Socket::open(&world, other).await;
    for person in [by, other, by] {
        let answer = unmatch(&world, person, &chat).await.expect(204);
        assert!(answer.text.is_empty());
        check(&world, &[]);
    }
    has_lost(&world, by, &chat).await;
    has_lost(&world, other, &chat).await;
    world.stack.settle().await;
    socket.expect_nothing().await;
    for (one, whom) in [(by, other), (other, by)] {
        let answer = ask(&world, one, whom).await;
        answer.expect_error(409, "conflict", &[]);
        let path = format!("/api/matches/{}/profile", whom.id);
        let answer = world.get(one, &path).await;
        answer.expect_error(404, "not_found", &[]);
    }
    // What was written is there for the operators.
    let report = json!({"user_id": other.id, "reason": "harassment", "chat_id": chat});
    world.post(by, "/api/reports", report).await.expect(201);
    let written = dump(&world);
    let message = |item: &&Value| item["content"]["S"] == "나쁜 말";
    let message = written.iter().find(message).unwrap();
    assert_eq!(message["chat_id"]["S"], chat.as_str());
    // They can still be blocked, and nothing brings the match back.
    block(&world, by, other).await.expect(201);
    check(&world, &[]);
    let answer = unmatch(&world, by, &chat).await;
    answer.expect_error(404, "not_found", &[]);
    unblock(&world, by, other).await.expect(204);
    check(&world, &[]);
    has_lost(&world, other, &chat).await;
}

#[tokio::test]
async fn an_ended_match_goes_with_both_accounts() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let chat = matched(&world, &both[0], &both[1]).await;
    assert_eq!(say(&world, &both[0], &chat, "안녕하세요").await, 201);
    unmatch(&world, &both[1], &chat).await.expect(204);
    let of_the_chat = |world: &World| {
        let items = dump(world);
        let pk = format!("CHAT#{chat}");
        items
            .iter()
            .filter(|item| item["pk"]["S"] == pk.as_str())
            .count()
    };
    for (gone, left) in [(1, 3), (2, 0)] {
        let person = &both[gone - 1];
        let erased = world.account_deleted("SajuFollowAccount", &person.id).await;
        erased.unwrap();
        check(&world, &both[..gone].iter().collect::<Vec<_>>());
        assert_eq!(of_the_chat(&world), left);
    }
}

#[tokio::test]
async fn who_is_left_behind_can_let_go_too() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let chat = matched(&world, &both[0], &both[1]).await;
    let erased = world
        .account_deleted("SajuFollowAccount", &both[0].id)
        .await;
    erased.unwrap();
    assert_eq!(list(&world, &both[1]).await.len(), 1);
    unmatch(&world, &both[1], &chat).await.expect(204);
    check(&world, &[&both[0]]);
    has_lost(&world, &both[1], &chat).await;
}

#[tokio::test]
async fn a_stranger_lets_nothing_go() {
    let world = World::new().await;
    let people = people(&world, 3).await;
    let chat = matched(&world, &people[0], &people[1]).await;
    let before = dump(&world);
    for id in [&chat, &match_id(&people[0], &people[2]), "x"] {
        let answer = unmatch(&world, &people[2], id).await;
        let answer = answer.expect_error(404, "not_found", &[]);
        assert_eq!(answer.body["error"], answer.body["message"]);
    }
    assert_eq!(dump(&world), before);
    let guest = world.sign_up("guest").await;
    let answer = unmatch(&world, &guest, &match_id(&people[0], &guest)).await;
    answer.expect_error(403, "profile_missing", &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_happens_at_once_leaves_a_chat_that_agrees() {
    let world = World::new().await;
    let people = people(&world, 6).await;
    let pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for (number, (one, other)) in pairs.enumerate() {
        let (one, other) = (&people[one], &people[other]);
        let chat = matched(&world, one, other).await;
        if number % 2 == 0 {
            let ends = [(one, other), (other, one)].map(|(by, _)| unmatch(&world, by, &chat));
            for answer in join_all(ends).await {
                answer.expect(204);
            }
        } else {
            let ending = unmatch(&world, one, &chat);
            let (ended, blocked) = join(ending, block(&world, other, one)).await;
            blocked.expect(201);
            assert!(
                [204, 404].contains(&ended.status.as_u16()),
                "{}",
                ended.text
            );
        }
        check(&world, &[]);
    }
}
