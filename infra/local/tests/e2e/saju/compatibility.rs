//! How well two people go together.

use enishi_local::import;
use enishi_saju::relation::{Relation, relation_key};
use enishi_shared::UserId;

use super::register;
use crate::support::{Person, World};

fn path(other: &Person) -> String {
    format!("/api/matches/{}/compatibility", other.id)
}

#[tokio::test]
async fn both_see_the_same_score_with_its_parts() {
    let world = World::new().await;
    let her = register(&world, "her", "1994-03-12", "female").await;
    let him = register(&world, "him", "1991-07-01", "male").await;
    world.stack.aws().forget_calls();
    let hers = world.get(&her, &path(&him)).await.expect(200).body;
    assert_eq!(world.stack.aws().calls().len(), 1);
    let his = world.get(&him, &path(&her)).await.expect(200).body;
    assert_eq!(hers["user_id"], him.id);
    assert_eq!(his["user_id"], her.id);
    assert_eq!(hers["score"], his["score"]);
    let points = |body: &serde_json::Value| -> Vec<(String, u64)> {
        let parts = body["breakdown"].as_array().unwrap();
        let part = |part: &serde_json::Value| {
            assert!(
                part["reason"]
                    .as_str()
                    .is_some_and(|reason| !reason.is_empty())
            );
            let name = part["name"].as_str().unwrap().to_owned();
            (name, part["points"].as_u64().unwrap())
        };
        parts.iter().map(part).collect()
    };
    assert_eq!(points(&hers), points(&his));
    let sum: u64 = points(&hers).iter().map(|(_, points)| points).sum();
    assert_eq!(hers["score"], sum);
}

#[tokio::test]
async fn the_caller_the_unknown_and_the_blocked_have_no_score() {
    let world = World::new().await;
    let her = register(&world, "her", "1994-03-12", "female").await;
    let him = register(&world, "him", "1991-07-01", "male").await;
    let stranger = world.sign_up("stranger").await;
    let answer = world.get(&her, &path(&her)).await;
    answer.expect_error(400, "invalid_parameter", &["user_id: invalid"]);
    let answer = world.get(&her, &path(&stranger)).await;
    answer.expect_error(404, "not_found", &[]);
    let answer = world.get(&stranger, &path(&her)).await;
    answer.expect_error(403, "profile_missing", &[]);
    let answer = world.get(&her, "/api/matches/somebody/compatibility").await;
    answer.expect_error(404, "not_found", &[]);
    let answer = world.call("GET", &path(&her), None, None).await;
    answer.expect_error(401, "access_token_invalid", &[]);

    let [one, other]: [UserId; 2] = [&her, &him].map(|person| person.id.parse().unwrap());
    let row = |user_id, other_id, blocks| Relation {
        user_id,
        other_id,
        status: None,
        requester_id: None,
        compatibility_score: None,
        created_at: None,
        blocks,
        blocked: !blocks,
        listing_key: None,
        listing_order: None,
    };
    let rows = [row(one, other, true), row(other, one, false)]
        .map(|row| (relation_key(row.user_id, row.other_id), row));
    import::items(&world.stack, "SajuTable", rows).unwrap();
    for (me, them) in [(&her, &him), (&him, &her)] {
        let answer = world.get(me, &path(them)).await;
        answer.expect_error(404, "not_found", &[]);
    }
}
