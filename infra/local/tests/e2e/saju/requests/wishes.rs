//! Whom a request reaches: nobody whose wishes exclude who asks.

use serde_json::json;

use super::{ask, change, check, list};
use crate::{saju::register, support::World};

#[tokio::test]
async fn a_request_reaches_nobody_whose_wishes_exclude_who_asks() {
    let world = World::new().await;
    let her = register(&world, "her", "1996-05-05", "female").await;
    let man = register(&world, "man", "1995-05-05", "male").await;
    let woman = register(&world, "woman", "1995-06-06", "female").await;
    // She has said nothing: men may ask, of any age.
    let answer = ask(&world, &woman, &her).await;
    let nobody = answer.expect_error(404, "not_found", &[]);
    let old = register(&world, "old", "1950-05-05", "male").await;
    ask(&world, &old, &her).await.expect(201);

    for wish in [
        json!({"max_age": 30}),
        json!({"max_age": null, "min_age": 32}),
        json!({"min_age": null, "location": "서울"}),
        json!({"location": null, "gender": "female"}),
    ] {
        let wishes = json!({"preferences": wish});
        change(&world, &her, wishes.clone()).await.expect(200);
        let answer = ask(&world, &man, &her).await;
        let answer = answer.expect_error(404, "not_found", &[]);
        // Nothing tells it from there being nobody.
        assert_eq!(answer.body, nobody.body, "{wishes}");
        assert_eq!(list(&world, &her).await.len(), 1);
    }
    let body =
        json!({"preferences": {"gender": "any", "min_age": 31, "max_age": 31, "location": "서울"}});
    change(&world, &her, body).await.expect(200);
    change(&world, &man, json!({"location": "서울"}))
        .await
        .expect(200);
    ask(&world, &man, &her).await.expect(201);
    // Asked is asked, whatever becomes of the wishes.
    change(&world, &her, json!({"preferences": {"gender": "female"}}))
        .await
        .expect(200);
    ask(&world, &man, &her)
        .await
        .expect_error(409, "conflict", &[]);
    ask(&world, &her, &man)
        .await
        .expect_error(409, "conflict", &[]);
    check(&world, &[]);
}

#[tokio::test]
async fn who_is_not_listed_cannot_be_asked_but_asks_and_answers() {
    let world = World::new().await;
    let people = super::people(&world, 4).await;
    let [hidden, asking, asked, other] = &people[..] else {
        panic!()
    };
    let id = ask(&world, asking, hidden)
        .await
        .expect(201)
        .text("match_id");
    change(&world, hidden, json!({"listed": false}))
        .await
        .expect(200);
    ask(&world, other, hidden)
        .await
        .expect_error(404, "not_found", &[]);
    super::act(&world, hidden, &id, "accept").await.expect(200);
    ask(&world, hidden, asked).await.expect(201);
    change(&world, hidden, json!({"listed": null}))
        .await
        .expect(200);
    ask(&world, other, hidden).await.expect(201);
    check(&world, &[]);
}
