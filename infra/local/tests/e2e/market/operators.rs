//! What operators do.

use serde_json::{Value, json};

use super::{add, change, cup, items, maker, names};
use crate::support::{Answer, Person, World};

async fn operate(world: &World, operator: &Person, path: &str, body: Value) -> Answer {
    let token = Some(operator.access_token.as_str());
    let path = format!("/api/operator/{path}");
    world.call("PATCH", &path, token, Some(body)).await
}

#[tokio::test]
async fn an_operator_puts_items_on_the_first_page_and_in_their_place() {
    let world = World::new().await;
    let (hana, operator) = (maker(&world, "hana").await, world.operator().await);
    let mut all = Vec::new();
    for name in ["い", "ろ", "は"] {
        let body = json!({"item_name": name, "price": 500, "stock": 1});
        all.push(add(&world, &hana, body).await);
    }
    let third = format!("items/{}", all[2]);
    let first = json!({"top": true, "item_order": 0});
    let second = json!({"item_order": 5});
    operate(&world, &operator, &third, first).await.expect(200);
    operate(&world, &operator, &format!("items/{}", all[0]), second)
        .await
        .expect(200);
    world.stack.settle().await;
    assert_eq!(names(&world, "").await, ["は", "ろ", "い"]);
    assert_eq!(names(&world, "sort=newest").await, ["は", "ろ", "い"]);
    assert_eq!(names(&world, "top=true").await, ["は"]);
    assert_eq!(names(&world, "top=true&keyword=%E3%81%AF").await, ["は"]);
    operate(&world, &operator, &third, json!({"top": false}))
        .await
        .expect(200);
    world.stack.settle().await;
    assert!(names(&world, "top=true").await.is_empty());
    assert_eq!(items(&world, "AUDIT#").len(), 3);
    operate(&world, &hana, &third, json!({"top": true}))
        .await
        .expect(403);
    let nothing = "items/019aa2b4-7c1e-7d33-9f0a-000000000000";
    operate(&world, &operator, nothing, json!({"top": true}))
        .await
        .expect(404);
}

#[tokio::test]
async fn what_an_operator_hides_only_an_operator_shows_again() {
    let world = World::new().await;
    let (hana, operator) = (maker(&world, "hana").await, world.operator().await);
    let item = add(&world, &hana, cup()).await;
    let path = format!("items/{item}");
    operate(&world, &operator, &path, json!({"status": "hidden"}))
        .await
        .expect(200);
    world.stack.settle().await;
    assert!(names(&world, "").await.is_empty());
    let shown = json!({"status": "on_sale"});
    change(&world, &hana, &item, "1", shown.clone())
        .await
        .expect_error(409, "conflict", &[]);
    let answer = change(&world, &hana, &item, "2", json!({"price": 50}))
        .await
        .expect(200);
    assert_eq!(answer.body["status"], "hidden");
    operate(&world, &operator, &path, shown).await.expect(200);
    world.stack.settle().await;
    assert_eq!(names(&world, "").await.len(), 1);
}

#[tokio::test]
async fn nothing_of_a_suspended_maker_is_seen() {
    let world = World::new().await;
    let (hana, operator) = (maker(&world, "hana").await, world.operator().await);
    let item = add(&world, &hana, cup()).await;
    let path = format!("makers/{}", hana.id);
    for (suspended, status) in [(true, 404), (false, 200)] {
        let body = json!({"suspended": suspended});
        let answer = operate(&world, &operator, &path, body).await.expect(200);
        assert_eq!(answer.body["sells"], !suspended);
        world.stack.settle().await;
        assert_eq!(names(&world, "").await.len(), usize::from(!suspended));
        let path = format!("/api/item/{item}");
        world.call("GET", &path, None, None).await.expect(status);
    }
    operate(&world, &hana, &path, json!({"suspended": false}))
        .await
        .expect(403);
}
