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
async fn each_side_looks_for_the_star_of_its_own_gender() {
    let world = World::new().await;
    let her = register(&world, "her", "1994-03-12", "female").await;
    let him = register(&world, "him", "1991-07-01", "male").await;
    let they = register(&world, "they", "1991-07-01", "other").await;
    let star = async |me: &Person, them: &Person| {
        let answer = world.get(me, &path(them)).await.expect(200).body;
        let parts = answer["breakdown"].as_array().unwrap().clone();
        let part = parts.iter().find(|part| part["name"] == "spouse_star");
        part.unwrap()["reason"].as_str().unwrap().to_owned()
    };
    let (hers, his) = (star(&her, &him).await, star(&him, &her).await);
    assert!(
        hers.starts_with("나의 배우자성(配偶者星) 관성(官星): "),
        "{hers}"
    );
    assert!(hers.contains(" 상대의 배우자성 재성(財星): "), "{hers}");
    assert!(
        his.starts_with("나의 배우자성(配偶者星) 재성(財星): "),
        "{his}"
    );
    let theirs = star(&they, &her).await;
    assert!(
        theirs.starts_with("나의 배우자성(配偶者星) 재성(財星)·관성(官星): "),
        "{theirs}"
    );
    // Two women both look for 관성.
    let friend = register(&world, "friend", "1991-07-01", "female").await;
    let both = star(&her, &friend).await;
    assert_eq!(both.matches("관성(官星): ").count(), 2, "{both}");
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
