//! `GET /api/matches/{user_id}/profile`.

use serde_json::{Value, json};

use super::{
    register,
    requests::{act, ask, block, change, matched, people, unblock, unmatch},
};
use crate::{
    identity::prove,
    support::{Answer, Person, World},
};

async fn look(world: &World, by: &Person, whom: &Person) -> Answer {
    let path = format!("/api/matches/{}/profile", whom.id);
    world.get(by, &path).await
}

/// That one sees the other's profile, or that there is none.
async fn sees(world: &World, by: &Person, whom: &Person, is_seen: bool) {
    let answer = look(world, by, whom).await;
    match is_seen {
        true => drop(answer.expect(200)),
        false => drop(answer.expect_error(404, "not_found", &[])),
    }
}

#[tokio::test]
async fn a_profile_is_seen_by_whom_was_asked_and_by_the_matched() {
    let world = World::new().await;
    let people = people(&world, 3).await;
    let [asking, asked, stranger] = &people[..] else {
        panic!()
    };
    let told = json!({"location": "서울", "job": "사서", "bio": "책방을 좋아해요."});
    change(&world, asking, told).await.expect(200);
    for (by, whom) in [(asking, asked), (asked, asking), (asked, asked)] {
        sees(&world, by, whom, false).await;
    }
    let id = ask(&world, asking, asked)
        .await
        .expect(201)
        .text("match_id");
    let seen = look(&world, asked, asking).await.expect(200).body;
    let path = format!("/api/matches/{}/compatibility", asking.id);
    let compatibility = world.get(asked, &path).await.expect(200).body;
    assert_eq!(
        seen,
        json!({
            "user_id": asking.id, "name": asking.name, "age": 31, "location": "서울", "job": "사서",
            "bio": "책방을 좋아해요.", "profile_img_url": null,
            "compatibility_score": compatibility["score"], "breakdown": compatibility["breakdown"],
        })
    );
    // Who asked sees nothing by that.
    sees(&world, asking, asked, false).await;
    block(&world, asked, asking).await.expect(201);
    sees(&world, asked, asking, false).await;
    unblock(&world, asked, asking).await.expect(204);
    // Not listed, one is still seen by whom one asks.
    change(&world, asking, json!({"listed": false}))
        .await
        .expect(200);
    sees(&world, asked, asking, true).await;
    act(&world, asked, &id, "accept").await.expect(200);
    for (by, whom) in [(asking, asked), (asked, asking)] {
        sees(&world, by, whom, true).await;
        sees(&world, stranger, whom, false).await;
    }
    unmatch(&world, asking, &id).await.expect(204);
    for (by, whom) in [(asking, asked), (asked, asking)] {
        sees(&world, by, whom, false).await;
    }
    let id = ask(&world, stranger, asked)
        .await
        .expect(201)
        .text("match_id");
    act(&world, asked, &id, "decline").await.expect(200);
    sees(&world, asked, stranger, false).await;
}

#[tokio::test]
async fn a_profile_is_seen_by_whom_it_was_recommended_to_today() {
    let world = World::new().await;
    let mut her = register(&world, "her", "1996-05-05", "female").await;
    let mut him = register(&world, "him", "1995-05-05", "male").await;
    prove(&world, &him).await;
    world.stack.settle().await;
    sees(&world, &her, &him, false).await;
    let list = world.get(&her, "/api/matches/recommendations").await;
    assert_eq!(list.expect(200).body[0]["user_id"], him.id.as_str());
    sees(&world, &her, &him, true).await;
    sees(&world, &him, &her, false).await;
    // Who hides leaves the list, and comes back to it.
    for listed in [false, true] {
        change(&world, &him, json!({"listed": listed}))
            .await
            .expect(200);
        let list = world.get(&her, "/api/matches/recommendations").await;
        assert_eq!(list.expect(200).body == json!([]), !listed);
        sees(&world, &her, &him, listed).await;
    }
    ask(&world, &her, &him).await.expect(201);
    sees(&world, &her, &him, true).await;
    sees(&world, &him, &her, true).await;
    world.at("2026-11-21T00:00").await;
    for person in [&mut her, &mut him] {
        world.refresh(person).await;
    }
    sees(&world, &her, &him, false).await;
    sees(&world, &him, &her, true).await;
}

#[tokio::test]
async fn nobody_else_has_a_profile_to_look_at() {
    let world = World::new().await;
    let people = people(&world, 2).await;
    matched(&world, &people[0], &people[1]).await;
    let guest = world.sign_up("guest").await;
    let answer = look(&world, &guest, &people[0]).await;
    answer.expect_error(403, "profile_missing", &[]);
    sees(&world, &people[0], &guest, false).await;
    let nobody = Person {
        id: "nobody".into(),
        ..guest
    };
    let answer = look(&world, &people[0], &nobody).await;
    let answer = answer.expect_error(404, "not_found", &[]);
    assert_eq!(answer.body["error"], answer.body["message"]);
    assert_ne!(answer.body["error"], Value::Null);
}
