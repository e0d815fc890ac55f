//! Closing an account takes away what the market holds of it; what was ordered stays.

use enishi_market::{
    held::{Line, follow},
    item::{Item, item_key, table},
};
use enishi_shared::{
    app::Random,
    store::{Change, Outcome, Transaction, when},
};
use serde_json::{Value, json};

use super::{
    add, cup,
    customers::{address, hold, holder},
    index::is_rebuilt,
    items, list,
    money::told,
    names,
};
use crate::{
    payments::later,
    support::{Answer, Person, World, text},
};

async fn close(world: &World, person: &Person) -> Answer {
    let token = Some(person.access_token.as_str());
    world.call("DELETE", "/api/users/me", token, None).await
}

/// The keys of the rows that speak of somebody, but for the note that they are to be erased once more.
pub fn mentions(world: &World, id: &str) -> Vec<String> {
    let rows = items(world, "").into_iter();
    let about = rows.filter(|row| row["pk"]["S"] != "ERASURES" && row.to_string().contains(id));
    let keys = about.map(|row| format!("{} / {}", text(&row["pk"]["S"]), text(&row["sk"]["S"])));
    keys.collect()
}

/// As if an order had been made of an item.
pub async fn order(world: &World, item: &str) {
    let app = world.app("MarketUpdateProduct", |_| {});
    let key = item_key(item.parse().unwrap());
    let ordered = Change::new().set("was_ordered", true);
    let ordered = ordered.when(when().exists("pk"));
    table(&app).unwrap().update(key, ordered).await.unwrap();
}

#[tokio::test]
async fn who_has_an_open_order_or_parcel_cannot_close_their_account() {
    let world = World::new().await;
    let app = holder(&world);
    for (name, what) in [("sora", "market-order#7"), ("hana", "market-sales#7")] {
        let (person, _) = told(&world, name).await;
        hold(&app, &person, what, true).await;
        let answer = close(&world, &person).await;
        let answer = answer.expect_error(409, "conflict", &[]);
        assert!(answer.text("message").contains(what), "{}", answer.text);
        world.stack.settle().await;
        world.get(&person, "/api/makers/me").await.expect(200);
        hold(&app, &person, what, false).await;
        close(&world, &person).await.expect(204);
    }
}

#[tokio::test]
async fn a_maker_who_has_gone_sells_nothing_and_what_was_ordered_stays() {
    let world = World::new().await;
    let (hana, account) = told(&world, "hana").await;
    world.stack.stripe().onboard(&account, true).unwrap();
    world.stack.stripe().deliver().await;
    let umi = super::maker(&world, "umi").await;
    let sora = world.sign_up("sora").await;
    let mut mine = Vec::new();
    for _ in 0..3 {
        mine.push(add(&world, &hana, cup()).await);
    }
    let other = add(&world, &umi, cup()).await;
    order(&world, &mine[0]).await;
    for item in mine.iter().chain([&other]) {
        let line = json!({"item_id": item, "quantity": 1});
        world.post(&sora, "/api/cart", line).await.expect(200);
    }
    for (path, body) in [
        ("/api/address", address()),
        ("/api/cart", json!({"item_id": other, "quantity": 1})),
    ] {
        world.post(&hana, path, body).await.expect(200);
    }
    world
        .post(&hana, "/api/favourites", json!({"item_id": other}))
        .await
        .expect(204);
    world.stack.settle().await;
    assert_eq!(names(&world, "").await.len(), 4);

    close(&world, &hana).await.expect(204);
    world.stack.settle().await;
    world.nothing_given_up();
    for query in ["", "keyword=%E6%B9%AF"] {
        let left = list(&world, query).await.expect(200).body;
        assert_eq!(left.as_array().unwrap().len(), 1, "{query}");
        assert_eq!(left[0]["item_id"], json!(other));
    }
    assert!(names(&world, "keyword=hana").await.is_empty());
    for path in [
        format!("/api/makers/{}", hana.id),
        format!("/api/item/{}", mine[0]),
        format!("/api/item/{}", mine[1]),
    ] {
        world.call("GET", &path, None, None).await.expect(404);
    }
    is_rebuilt(&world).await.unwrap();
    let kept = [
        format!("ITEM#{} / ITEM", mine[0]),
        format!("STRIPE#{account} / STRIPE"),
    ];
    let mut left = mentions(&world, &hana.id);
    left.sort();
    // What was announced of them goes by itself.
    left.retain(|row| !row.starts_with("OUTBOX#"));
    assert_eq!(left, kept);
    let app = world.app("MarketMe", |_| {});
    let ordered = table(&app).unwrap();
    let place = item_key(mine[0].parse().unwrap());
    let ordered: Item = ordered.get(&place).await.unwrap().unwrap();
    assert_eq!(ordered.item_name, "九谷焼の湯のみ");
    let cart = world.get(&sora, "/api/cart").await.expect(200).body;
    let lines = cart["lines"].as_array().unwrap().iter();
    let states: Vec<String> = lines.map(|line| text(&line["state"])).collect();
    assert_eq!(states, ["gone", "gone", "gone", "ok"]);

    // The event may come again; a token that is still valid makes nobody a maker or a customer.
    let erased = world.account_deleted("MarketErase", &hana.id).await;
    erased.unwrap();
    world
        .get(&hana, "/api/makers/me")
        .await
        .expect_error(403, "forbidden", &[]);
    world.post(&hana, "/api/products", cup()).await.expect(403);
    let body = json!({"maker_name": "縁", "shipping_fee": 0});
    world.post(&hana, "/api/makers", body).await.expect(401);
    for path in ["/api/user", "/api/stripe/create"] {
        assert_ne!(world.get(&hana, path).await.status, 200, "{path}");
    }
    let answer = world.post(&hana, "/api/address", address()).await;
    answer.expect(401);
    assert_eq!(mentions(&world, &hana.id).len(), 2);
    // A cart can be filled until then, and goes an hour later.
    let line = json!({"item_id": other, "quantity": 1});
    world.post(&hana, "/api/cart", line).await.expect(200);
    assert_eq!(mentions(&world, &hana.id).len(), 3);
    let fire = async || {
        let tick = json!({"scheduled_time": world.stack.clock().now()});
        world.stack.lambda().invoke("MarketSweep", tick).await
    };
    assert_eq!(fire().await.unwrap()["accounts"], 0);
    later(&world, jiff::SignedDuration::from_secs(60 * 60 + 1));
    assert_eq!(fire().await.unwrap()["accounts"], 1);
    assert_eq!(mentions(&world, &hana.id).len(), 2);
    assert_eq!(fire().await.unwrap()["accounts"], 0);
    assert_eq!(items(&world, "ERASURES"), [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_between_nothing_is_left_of_who_has_gone() {
    let world = World::new().await;
    for round in 0..8 {
        let hana = super::maker(&world, &format!("hana{round}")).await;
        let [changed, deleted, ordered] = [
            add(&world, &hana, cup()).await,
            add(&world, &hana, cup()).await,
            add(&world, &hana, cup()).await,
        ];
        close(&world, &hana).await.expect(204);
        let token = Some(hana.access_token.as_str());
        let path = format!("/api/products/{deleted}");
        let body = json!({"maker_name": "縁", "shipping_fee": 0});
        let (added, changing, deleting, (), told, maker, erased) = tokio::join!(
            world.post(&hana, "/api/products", cup()),
            super::change(&world, &hana, &changed, "1", json!({"item_name": "皿"})),
            world.call("DELETE", &path, token, None),
            order(&world, &ordered),
            world.post(&hana, "/api/address", address()),
            world.post(&hana, "/api/makers", body),
            world.account_deleted("MarketErase", &hana.id),
        );
        for answer in [added, changing, deleting] {
            assert_ne!(answer.status, 500, "{}", answer.text);
        }
        told.expect(401);
        erased.unwrap();
        assert!(matches!(maker.status.as_u16(), 401 | 409), "{}", maker.text);
        world.stack.settle().await;
        is_rebuilt(&world).await.unwrap();
        let left = mentions(&world, &hana.id);
        let kept = format!("ITEM#{ordered} / ITEM");
        assert!(left.iter().all(|key| *key == kept), "{left:?}");
        assert!(names(&world, "").await.is_empty());
    }
}

#[tokio::test]
async fn what_open_orders_hold_back_is_told_beside_what_is_free() {
    let world = World::new().await;
    let (hana, umi) = (
        super::maker(&world, "hana").await,
        super::maker(&world, "umi").await,
    );
    let mine = [
        add(&world, &hana, cup()).await,
        add(&world, &hana, cup()).await,
    ];
    let other = add(&world, &umi, cup()).await;
    let line = |maker: &Person, item: &String, quantity| Line {
        maker_id: maker.id.parse().unwrap(),
        item_id: item.parse().unwrap(),
        quantity,
    };
    let orders = [
        ("1", vec![line(&hana, &mine[0], 2), line(&umi, &other, 5)]),
        (
            "2",
            vec![line(&hana, &mine[0], 3), line(&hana, &mine[1], 1)],
        ),
    ];
    let mut seed = 0;
    let mut say = async |order: usize, holds: bool| {
        seed += 1;
        let app = world.app("MarketIndex", |parts| {
            parts.random = Random::from_seed(seed);
        });
        let (id, lines) = &orders[order];
        let table = table(&app).unwrap();
        let mut tx = Transaction::new(&app);
        follow(&mut tx, &table, id, lines.iter().copied(), holds).unwrap();
        assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
    };
    let held = async |person: &Person| {
        let mine = world.get(person, "/api/products").await.expect(200).body;
        let mine = mine.as_array().unwrap().iter().rev();
        mine.map(|item| item["stock"].clone()).collect::<Vec<_>>()
    };
    let stock = |held: u64| json!({"free": 2, "held": held});
    assert_eq!(held(&hana).await, [stock(0), stock(0)]);
    for (order, holds, mine, theirs) in [
        (0, true, [2, 0], 5),
        (1, true, [5, 1], 5),
        // Told twice, late, in another order.
        (0, true, [5, 1], 5),
        (0, false, [3, 1], 0),
        (0, false, [3, 1], 0),
        (1, false, [0, 0], 0),
    ] {
        say(order, holds).await;
        assert_eq!(held(&hana).await, mine.map(stock));
        assert_eq!(held(&umi).await, [stock(theirs)]);
    }
    say(1, true).await;
    let body = json!({"price": 3_200});
    let changed = super::change(&world, &hana, &mine[0], "1", body).await;
    assert_eq!(changed.expect(200).body["stock"], stock(3));
}
