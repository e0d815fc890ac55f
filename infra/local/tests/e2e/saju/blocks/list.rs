//! `GET /api/blocks`.

use http::header;
use serde_json::{Value, json};

use crate::{
    saju::requests::{block, check, matched, people, unblock},
    support::{Person, World},
};

async fn blocks(world: &World, me: &Person) -> Vec<Value> {
    let answer = world.get(me, "/api/blocks").await.expect(200);
    answer.body.as_array().unwrap().clone()
}

fn ids(list: &[Value]) -> Vec<&str> {
    list.iter()
        .filter_map(|one| one["user_id"].as_str())
        .collect()
}

#[tokio::test]
async fn one_sees_whom_one_blocks_and_by_which_name() {
    let world = World::new().await;
    let mut people = people(&world, 4).await;
    assert!(blocks(&world, &people[0]).await.is_empty());
    matched(&world, &people[0], &people[2]).await;
    for (number, minute) in [(1, 0), (2, 1), (3, 2)] {
        world.at(&format!("2026-11-20T20:0{minute}")).await;
        for _ in 0..2 {
            block(&world, &people[0], &people[number]).await.expect(201);
        }
    }
    world.refresh_all(&mut people).await;
    let [me, one, two, three] = &people[..] else {
        panic!()
    };
    let list = blocks(&world, me).await;
    assert_eq!(
        list[0],
        json!({
            "user_id": three.id, "name": three.name, "profile_img_url": null,
            "blocked_at": "2026-11-20T11:02:00Z",
        })
    );
    assert_eq!(ids(&list), [&three.id, &two.id, &one.id]);
    // Who is blocked is not told.
    assert!(blocks(&world, one).await.is_empty());

    let mut path = Some("/api/blocks?limit=2".to_owned());
    let mut pages = Vec::new();
    while let Some(next) = path.take() {
        let answer = world.get(me, &next).await.expect(200);
        pages.extend(answer.body.as_array().unwrap().clone());
        path = answer.headers.get(header::LINK).map(|link| {
            let link = link.to_str().unwrap();
            link[1..link.find('>').unwrap()].to_owned()
        });
    }
    assert_eq!(pages, list);

    unblock(&world, me, one).await.expect(204);
    // Of a match its row stays; a block of somebody who has gone and was nothing else goes with them.
    for gone in [two, three] {
        let erased = world.account_deleted("SajuFollowAccount", &gone.id).await;
        erased.unwrap();
    }
    check(&world, &[two, three]);
    let left = blocks(&world, me).await;
    assert_eq!(ids(&left), [&two.id]);
    assert_eq!(left[0]["name"], Value::Null);
    unblock(&world, me, two).await.expect(204);
    assert!(blocks(&world, me).await.is_empty());
    check(&world, &[two, three]);
}

#[tokio::test]
async fn a_wrong_page_and_a_caller_without_a_profile_are_refused() {
    let world = World::new().await;
    let me = people(&world, 1).await.remove(0);
    for query in ["limit=0", "limit=101", "cursor=x", "name=x"] {
        let field = query.split('=').next().unwrap();
        let answer = world.get(&me, &format!("/api/blocks?{query}")).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    let guest = world.sign_up("guest").await;
    let answer = world.get(&guest, "/api/blocks").await;
    answer.expect_error(403, "profile_missing", &[]);
}
