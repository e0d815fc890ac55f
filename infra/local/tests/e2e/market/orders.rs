//! Buying: what is in the cart, paid for, called off, or neither.

mod crowd;
pub mod late;
mod leaving;
mod refusals;
mod told;

use std::collections::BTreeSet;

use enishi_local::import;
use enishi_market::{
    customer::customer_key,
    item::table,
    order::{self, Contents, StoredOrder},
};
use enishi_shared::{
    UserId,
    accounts::{self, Account, Status, account_key},
    language::Language,
    store::Change,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{add, cup, items, maker};
use crate::{
    support::{Answer, Person, World, text},
    visits::{money::session, people::logged_in},
};

/// Somebody's id, by their number.
pub fn user_id(number: usize) -> UserId {
    let id = format!("019aa2b4-7c1e-7d33-9f0a-2{number:011x}");
    id.parse().unwrap()
}

/// So many who can buy: verified, and with an address.
pub fn bring_in(world: &World, people: impl IntoIterator<Item = UserId>) {
    let people: Vec<UserId> = people.into_iter().collect();
    let now = world.stack.clock().now();
    let accounts = people.iter().map(|user_id| {
        let account = Account {
            user_id: *user_id,
            username: None,
            name: Some("sora".to_owned()),
            email: format!("{user_id}@example.com"),
            language: Language::Japanese,
            email_verified_at: Some(now),
            password_hash: None,
            firebase_uid: None,
            status: Status::Active,
            epoch: 0,
            products: vec!["market".to_owned()],
            holds: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            created_at: now,
        };
        (account_key(*user_id), account)
    });
    import::items(&world.stack, "IdentityTable", accounts).unwrap();
    let customers = people.iter();
    let customers = customers.map(|user_id| (customer_key(*user_id), customer()));
    import::items(&world.stack, "MarketTable", customers).unwrap();
}

/// What somebody has told of where parcels go.
pub fn customer() -> Value {
    json!({
        "address": {
            "name": "佐藤 空", "zip_code": "920-0001", "address": "石川県金沢市広坂1-2-3",
            "phone_number": "076-123-4567",
        },
        "version": 1,
    })
}

/// Somebody who can buy, logged in.
pub async fn buyer(world: &World, number: usize) -> Person {
    let user_id = user_id(number);
    bring_in(world, [user_id]);
    logged_in(world, user_id, &user_id.to_string()).await
}

/// Puts something into somebody's cart.
pub async fn put(world: &World, person: &Person, item: &str, quantity: u32) -> Answer {
    let line = json!({"item_id": item, "quantity": quantity});
    world.post(person, "/api/cart", line).await.expect(200)
}

/// `POST /api/buy`.
pub async fn buy(world: &World, person: &Person) -> Answer {
    world.post(person, "/api/buy", json!({})).await
}

/// `GET /api/transaction/{transaction_id}`.
pub async fn seen(world: &World, person: &Person, id: &str) -> Value {
    let path = format!("/api/transaction/{id}");
    world.get(person, &path).await.expect(200).body
}

/// `POST /api/transaction/{transaction_id}/cancel`.
pub async fn cancel(world: &World, person: &Person, id: &str, body: Value) -> Answer {
    let path = format!("/api/transaction/{id}/cancel");
    world.post(person, &path, body).await
}

/// An order as it is stored.
pub async fn stored(world: &World, id: &str) -> (StoredOrder, Contents) {
    let app = world.app("MarketFindTransaction", |_| {});
    let table = table(&app).unwrap();
    let found = order::read(&app, &table, id.parse().unwrap()).await;
    found.unwrap().unwrap()
}

/// How many of an item are free.
pub fn free(world: &World, item: &str) -> i64 {
    let buckets = items(world, &format!("STOCK#{item}#"));
    let left = buckets.iter().map(|bucket| text(&bucket["left"]["N"]));
    left.map(|left| left.parse::<i64>().unwrap()).sum()
}

/// An order of somebody's, who can buy from now on.
pub async fn order_of(world: &World, person: &Person) -> String {
    let seller = maker(world, "seller").await;
    let item = add(world, &seller, cup()).await;
    let user_id: UserId = person.id.parse().unwrap();
    let app = world.app("MarketSettle", |_| {});
    let verified = Change::new().set("email_verified_at", app.now());
    let accounts = accounts::table(&app).unwrap();
    accounts
        .update(account_key(user_id), verified)
        .await
        .unwrap();
    import::items(
        &world.stack,
        "MarketTable",
        [(customer_key(user_id), customer())],
    )
    .unwrap();
    put(world, person, &item, 1).await;
    buy(world, person).await.expect(201).text("transaction_id")
}

/// What forbids closing somebody's account.
pub fn holds(world: &World, person: &Person) -> Vec<String> {
    let mut accounts = world.items("IdentityTable");
    let pk = format!("ACCOUNT#{}", person.id);
    accounts.retain(|row| row["pk"]["S"] == pk.as_str() && row["sk"]["S"] == "ACCOUNT");
    let holds = accounts[0]["holds"]["SS"].as_array().cloned();
    holds.unwrap_or_default().iter().map(text).collect()
}

/// The subjects of the letters that somebody got.
pub fn letters(world: &World, person: &Person) -> usize {
    let mails = world.stack.mailbox().mails();
    mails
        .iter()
        .filter(|mail| mail.to == [person.email.as_str()])
        .count()
}

/// A customer, a maker and two cups of hers in the customer's cart.
pub struct Shop {
    pub world: World,
    pub hana: Person,
    pub sora: Person,
    pub item: String,
}

impl Shop {
    pub async fn open() -> Self {
        let world = World::new().await;
        let hana = maker(&world, "hana").await;
        let item = add(
            &world,
            &hana,
            json!({"item_name": "皿", "price": 1_200, "stock": 5}),
        )
        .await;
        let sora = buyer(&world, 1).await;
        put(&world, &sora, &item, 2).await;
        Self {
            world,
            hana,
            sora,
            item,
        }
    }

    /// What is in the cart is bought. Answers the order and its Checkout.
    pub async fn bought(&self) -> (String, String) {
        let answer = buy(&self.world, &self.sora).await.expect(201);
        (answer.text("transaction_id"), session(&answer.body))
    }

    /// … and paid for.
    pub async fn paid(&self) -> String {
        let (id, session) = self.bought().await;
        self.world.stack.stripe().pay(&session).unwrap();
        self.world.stack.settle().await;
        id
    }

    pub async fn status(&self, id: &str) -> String {
        text(&seen(&self.world, &self.sora, id).await["status"])
    }

    pub async fn lines(&self) -> usize {
        let cart = self.world.get(&self.sora, "/api/cart").await.expect(200);
        cart.body["lines"].as_array().unwrap().len()
    }

    pub fn free(&self) -> i64 {
        free(&self.world, &self.item)
    }

    /// So much later, when all has been told.
    pub async fn later(&mut self, duration: SignedDuration) {
        let clock = self.world.stack.clock();
        clock.set(Some(clock.now() + duration));
        self.world.stack.settle().await;
        self.sora = logged_in(&self.world, user_id(1), &user_id(1).to_string()).await;
    }
}

#[tokio::test]
async fn what_is_in_the_cart_is_bought_and_paid_for() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let cart = world.get(&shop.sora, "/api/cart").await.expect(200);
    let body = json!({"cart_version": cart.text("cart_version")});
    let answer = world.post(&shop.sora, "/api/buy", body).await.expect(201);
    assert_eq!(answer.body["expires_at"], "2026-11-20T11:36:00Z");
    let (id, session) = (answer.text("transaction_id"), session(&answer.body));
    let stripe = world.stack.stripe();
    // Two of 1,200 yen, and what sending them costs.
    assert_eq!(stripe.object(&session).unwrap()["amount_total"], 2_900);
    world.stack.settle().await;
    assert_eq!((shop.free(), shop.lines().await), (3, 1));
    assert_eq!(items(world, "HELD#").len(), 1);
    assert!(holds(world, &shop.sora).is_empty() && items(world, "SALES#").is_empty());
    assert_eq!(shop.status(&id).await, "Pending");

    stripe.pay(&session).unwrap();
    world.stack.settle().await;
    assert_eq!(shop.status(&id).await, "Paid");
    assert_eq!((shop.free(), shop.lines().await), (3, 0));
    assert!(items(world, "HELD#").is_empty());
    assert_eq!(holds(world, &shop.sora), [format!("market-order#{id}")]);
    assert_eq!(holds(world, &shop.hana), [format!("market-sales#{id}")]);
    assert_eq!(items(world, &format!("SALES#{}", shop.hana.id)).len(), 1);
    assert_eq!(
        [letters(world, &shop.sora), letters(world, &shop.hana)],
        // She had one when she signed up.
        [1, 2]
    );
    let token = Some(shop.sora.access_token.as_str());
    let closed = world.call("DELETE", "/api/users/me", token, None).await;
    closed.expect_error(409, "conflict", &[]);

    let list = world.get(&shop.sora, "/api/transaction").await.expect(200);
    let seen = seen(world, &shop.sora, &id).await;
    assert_eq!(list.body, json!([seen]));
    assert_eq!(seen["total_amount"], 2_900);
    assert_eq!([&seen["name"], &seen["zip_code"]], ["佐藤 空", "920-0001"]);
    let parcel = &seen["parcels"][0];
    assert_eq!(
        [&parcel["items_amount"], &parcel["shipping_fee"]],
        [2_400, 500]
    );
    assert_eq!(parcel["details"][0]["item_name"], "皿");
    let path = format!("/api/transaction/{id}");
    world
        .get(&shop.hana, &path)
        .await
        .expect_error(404, "not_found", &[]);
    world.nothing_given_up();
}

#[tokio::test]
async fn a_double_click_and_a_second_tab_are_one_order_with_one_checkout() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    let (one, two, three) =
        futures_util::join!(buy(world, sora), buy(world, sora), buy(world, sora));
    let mut statuses = [&one, &two, &three].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 201]);
    assert_eq!([&two.body, &three.body], [&one.body, &one.body]);
    assert_eq!(buy(world, sora).await.expect(200).body, one.body);
    assert_eq!(world.stack.stripe().open_sessions().len(), 1);
    assert_eq!(shop.free(), 3);
    // A card that is declined does not change that.
    world.stack.stripe().fail(&session(&one.body)).unwrap();
    world.stack.settle().await;
    assert_eq!(buy(world, sora).await.expect(200).body, one.body);
}

#[tokio::test]
async fn what_is_bought_with_another_cart_ends_what_was_open() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    let (first, old) = shop.bought().await;
    // All that there is: what the open order has taken comes back for it.
    put(world, sora, &shop.item, 3).await;
    let (second, new) = shop.bought().await;
    world.stack.settle().await;
    assert_ne!(first, second);
    assert_eq!(shop.status(&first).await, "Cancelled");
    assert_eq!(shop.free(), 0);
    assert_eq!(
        world.stack.stripe().open_sessions(),
        std::slice::from_ref(&new)
    );
    world.stack.stripe().pay(&old).unwrap_err();
    world.stack.stripe().pay(&new).unwrap();
    world.stack.settle().await;
    assert_eq!(shop.status(&second).await, "Paid");
    assert_eq!((shop.free(), shop.lines().await), (0, 0));
    world.nothing_given_up();
}

#[tokio::test]
async fn what_is_not_paid_for_expires_and_is_free_again_once() {
    let mut shop = Shop::open().await;
    let (id, _) = shop.bought().await;
    shop.later(SignedDuration::from_mins(35)).await;
    assert_eq!(
        (shop.status(&id).await, shop.free()),
        ("Pending".to_owned(), 3)
    );
    shop.later(SignedDuration::from_mins(2)).await;
    assert_eq!(
        (shop.status(&id).await, shop.free()),
        ("Expired".to_owned(), 5)
    );
    assert!(items(&shop.world, "HELD#").is_empty());
    // Its lines are in the cart still.
    assert_eq!(shop.lines().await, 1);
    let again = cancel(&shop.world, &shop.sora, &id, json!({})).await;
    again.expect_error(409, "conflict", &[]);
    let (second, _) = shop.bought().await;
    assert_ne!(id, second);
}

#[tokio::test]
async fn what_is_called_off_before_it_is_paid_for_is_free_at_once() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    let (id, session) = shop.bought().await;
    let part = json!({"maker_id": shop.hana.id});
    cancel(world, sora, &id, part)
        .await
        .expect_error(409, "conflict", &[]);
    for _ in 0..2 {
        let cancelled = cancel(world, sora, &id, json!({})).await.expect(200);
        assert_eq!(cancelled.body["status"], "Cancelled");
        assert_eq!(shop.free(), 5);
    }
    world.stack.stripe().pay(&session).unwrap_err();
    world.stack.settle().await;
    assert_eq!(
        (shop.status(&id).await, shop.free()),
        ("Cancelled".to_owned(), 5)
    );
    let stranger = buyer(world, 2).await;
    cancel(world, &stranger, &id, json!({}))
        .await
        .expect_error(404, "not_found", &[]);
}

#[tokio::test]
async fn what_was_paid_for_and_not_sent_is_called_off_by_parcel_and_free_again() {
    let shop = Shop::open().await;
    let (world, sora) = (&shop.world, &shop.sora);
    let yuki = maker(world, "yuki").await;
    let other = add(world, &yuki, cup()).await;
    put(world, sora, &other, 1).await;
    let id = shop.paid().await;
    let cancelled = cancel(world, sora, &id, json!({"maker_id": yuki.id}))
        .await
        .expect(200);
    assert_eq!(cancelled.body["status"], "Paid");
    let statuses = |transaction: &Value| -> Vec<String> {
        let parcels = transaction["parcels"].as_array().unwrap().iter();
        parcels.map(|parcel| text(&parcel["status"])).collect()
    };
    let mut of = statuses(&cancelled.body);
    of.sort();
    assert_eq!(of, ["Paid", "Refunded"]);
    assert_eq!((free(world, &other), shop.free()), (2, 3));
    let all = cancel(world, sora, &id, json!({})).await.expect(200);
    assert_eq!(statuses(&all.body), ["Refunded", "Refunded"]);
    assert_eq!((free(world, &other), shop.free()), (2, 5));
    world.stack.settle().await;
    assert_eq!(shop.status(&id).await, "Refunded");
    assert!(holds(world, sora).is_empty());
    world.nothing_given_up();
}

#[tokio::test]
async fn what_was_bought_is_told_as_it_was_whatever_becomes_of_it() {
    let shop = Shop::open().await;
    let world = &shop.world;
    let id = shop.paid().await;
    let before = seen(world, &shop.sora, &id).await;
    let renamed = json!({"item_name": "鉢", "price": 9_000});
    super::change(world, &shop.hana, &shop.item, "1", renamed)
        .await
        .expect(200);
    let token = Some(shop.hana.access_token.as_str());
    let body = json!({"maker_name": "青山窯", "shipping_fee": 900});
    world
        .call("PATCH", "/api/makers/me", token, Some(body))
        .await
        .expect(200);
    let path = format!("/api/products/{}", shop.item);
    world.call("DELETE", &path, token, None).await.expect(204);
    world.stack.settle().await;
    assert_eq!(seen(world, &shop.sora, &id).await, before);
    // It is hidden, and there still.
    let mine = world.get(&shop.hana, "/api/products").await.expect(200);
    assert_eq!(mine.body[0]["status"], "hidden");
}

#[tokio::test]
async fn what_was_bought_is_listed_the_newest_first_page_by_page() {
    let mut shop = Shop::open().await;
    let (first, _) = shop.bought().await;
    shop.later(SignedDuration::from_secs(1)).await;
    put(&shop.world, &shop.sora, &shop.item, 1).await;
    let (second, _) = shop.bought().await;
    let mut page = "/api/transaction?limit=1".to_owned();
    let mut listed = Vec::new();
    loop {
        let answer = shop.world.get(&shop.sora, &page).await.expect(200);
        let transactions = answer.body.as_array().unwrap().iter();
        listed.extend(transactions.map(|it| text(&it["transaction_id"])));
        let Some(link) = answer.headers.get("link") else {
            break;
        };
        let link = link.to_str().unwrap().strip_prefix('<').unwrap();
        page = link.split_once('>').unwrap().0.to_owned();
    }
    assert_eq!(listed, [second, first]);
    let wrong = "/api/transaction?cursor=YQ";
    let wrong = shop.world.get(&shop.sora, wrong).await;
    wrong.expect(400);
}
