//! Pages: of a chat's messages, and of the list of chats.

use std::collections::BTreeSet;

use enishi_local::database::from_json;
use serde_json::json;

use super::{couple, list, page, say, seqs};
use crate::{
    saju::requests::{matched, people},
    support::{World, text, tokyo},
};

#[tokio::test]
async fn messages_are_paged() {
    let world = World::new().await;
    let (ann, _, chat) = couple(&world).await;
    for number in 1..=12 {
        say(&world, &ann, &chat, "…", &number.to_string())
            .await
            .expect(201);
    }
    for (query, expected) in [
        ("", (1..=12).rev().collect()),
        ("limit=5", vec![12, 11, 10, 9, 8]),
        ("limit=5&offset=0", vec![12, 11, 10, 9, 8]),
        ("limit=5&offset=10", vec![2, 1]),
        ("offset=12", vec![]),
        ("offset=999999999999", vec![]),
        ("limit=3&before_seq=4", vec![3, 2, 1]),
        ("limit=2&before_seq=999999999999", vec![12, 11]),
        ("before_seq=1", vec![]),
        ("before_seq=0", vec![]),
        ("limit=4&after_seq=0", vec![1, 2, 3, 4]),
        ("limit=4&after_seq=10", vec![11, 12]),
        ("after_seq=12", vec![]),
        ("after_seq=999999999999", vec![]),
    ] {
        assert_eq!(seqs(&world, &ann, &chat, query).await, expected, "{query}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("offset=-1", "offset"),
        ("after_seq=1000000000000", "after_seq"),
        ("before_seq=", "before_seq"),
        ("offset=1&after_seq=1", "offset"),
        ("offset=0&before_seq=1", "offset"),
        ("after_seq=1&before_seq=3", "before_seq"),
        ("page=1", "page"),
    ] {
        let fault = format!("{field}: invalid");
        page(&world, &ann, &chat, query).await.expect_error(
            400,
            "invalid_parameter",
            &[fault.as_str()],
        );
    }
}

/// A query may see a message before the one that was committed just before it.
#[tokio::test]
async fn nobody_is_led_past_a_message_that_is_not_seen_yet() {
    let world = World::new().await;
    let (ann, _, chat) = couple(&world).await;
    for number in 1..=4 {
        say(&world, &ann, &chat, "…", &number.to_string())
            .await
            .expect(201);
    }
    let place = json!({"pk": {"S": format!("CHAT#{chat}")}, "sk": {"S": "MESSAGE#000000000002"}});
    let unseen = json!({"TableName": "SajuTable", "Key": place});
    let database = world.stack.database();
    database.delete_item(from_json(unseen).unwrap()).unwrap();
    for query in ["", "after_seq=0", "after_seq=1", "before_seq=4", "offset=1"] {
        let answer = page(&world, &ann, &chat, query).await;
        let answer = answer.expect_error(503, "service_unavailable", &[]);
        assert_eq!(answer.headers["retry-after"], "1", "{query}");
    }
    assert_eq!(seqs(&world, &ann, &chat, "after_seq=2").await, [3, 4]);
    assert_eq!(seqs(&world, &ann, &chat, "limit=2").await, [4, 3]);
}

#[tokio::test]
async fn the_longest_messages_fill_a_page_of_a_hundred() {
    let world = World::new().await;
    let (ann, ben, chat) = couple(&world).await;
    // More than the megabyte that one query reads.
    let longest = "🍀".repeat(4_000);
    for number in 0..70 {
        say(&world, &ann, &chat, &longest, &number.to_string())
            .await
            .expect(201);
    }
    let all = seqs(&world, &ben, &chat, "limit=100").await;
    assert_eq!(all, (1..=70).rev().collect::<Vec<u64>>());
    let all = seqs(&world, &ben, &chat, "limit=100&after_seq=1").await;
    assert_eq!(all, (2..=70).collect::<Vec<u64>>());
    let shown = list(&world, &ben).await;
    assert_eq!(shown[0]["last_message"], "🍀".repeat(200));
}

#[tokio::test]
async fn the_chat_with_the_latest_message_stands_first_and_no_page_loses_one() {
    let world = World::new().await;
    let people = people(&world, 8).await;
    let (me, others) = people.split_first().unwrap();
    let mut chats = Vec::new();
    // All in the same millisecond.
    for other in others {
        chats.push(matched(&world, me, other).await);
    }
    let walk = async |limit: usize| {
        let mut path = Some(format!("/api/chats?limit={limit}"));
        let mut seen = Vec::new();
        while let Some(next) = path {
            let answer = world.get(me, &next).await.expect(200);
            let page = answer.body.as_array().unwrap();
            assert!(page.len() <= limit);
            seen.extend(page.iter().map(|chat| text(&chat["chat_id"])));
            path = answer.headers.get("link").map(|link| {
                let link = link.to_str().unwrap();
                let (link, _) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
                link.to_owned()
            });
        }
        seen
    };
    let all = walk(100).await;
    let expected: BTreeSet<_> = chats.iter().cloned().collect();
    assert_eq!(all.len(), chats.len());
    assert_eq!(all.iter().cloned().collect::<BTreeSet<_>>(), expected);
    for limit in [1, 2, 3] {
        assert_eq!(walk(limit).await, all);
    }
    // Who writes does not matter.
    for (minute, by, at) in [(1, &others[4], 4), (2, me, 2), (3, me, 4)] {
        let time = tokyo(&format!("2026-11-20T20:{minute:02}"));
        world.stack.clock().set(Some(time));
        say(&world, by, &chats[at], "…", &minute.to_string())
            .await
            .expect(201);
    }
    let first = walk(2).await;
    assert_eq!(first[..2], [chats[4].clone(), chats[2].clone()]);
    for cursor in ["x", "MSNh", "", "%00"] {
        let answer = world
            .get(me, &format!("/api/chats?cursor={cursor}"))
            .await
            .expect(400);
        assert_eq!(answer.body["errors"][0]["field"], "cursor");
    }
}
