//! Licences: bought on Stripe's page, changed, called off, and what they give.

mod chance;
mod changes;
mod ends;
mod seconds;
mod told;

use enishi_local::stripe::PRICE;
use enishi_shared::{
    payments::{self, NewPayment, PayerId, PaymentId, Product, Purpose},
    stripe,
};
use jiff::{SignedDuration, Timestamp};

use super::*;

pub const LICENSES: &str = "/v1/service/licenses";
const PAYMENTS: &str = "/v1/service/payments";

/// A world whose organisations have a seat and no seconds until they buy some.
pub async fn selling() -> World {
    world(1, 0).await
}

/// The Checkout that an admin opens of so many seats.
pub async fn checkout(world: &World, admin: &Member, quantity: u32) -> String {
    let body = json!({"plan_id": 1, "quantity": quantity});
    let answer = post(world, admin, LICENSES, body).await.expect(200);
    let url = answer.text("checkout_url");
    let open = world.stack.stripe().open_sessions();
    let session = open.into_iter().find(|session| url.contains(session));
    session.unwrap()
}

/// The licence of so many seats that an admin buys.
pub async fn buy(world: &World, admin: &Member, quantity: u32) -> Value {
    let session = checkout(world, admin, quantity).await;
    world.stack.stripe().pay(&session).unwrap();
    world.stack.settle().await;
    license(world, admin).await
}

/// An admin's licence.
pub async fn license(world: &World, admin: &Member) -> Value {
    get(world, admin, LICENSES).await.expect(200).body["licenses"][0].clone()
}

/// What an admin's organisation has spent and has left.
pub async fn usage(world: &World, member: &Member) -> (u64, u64) {
    let answer = get(world, member, "/v1/service/usage").await.expect(200);
    let usage = &answer.body["usage"];
    (
        usage["used"].as_u64().unwrap(),
        usage["left"].as_u64().unwrap(),
    )
}

/// How many seats an admin's organisation has.
pub async fn seats(world: &World, admin: &Member) -> u64 {
    let path = format!("/v1/service/organizations/{}", admin.organization_id);
    let answer = get(world, admin, &path).await.expect(200);
    answer.body["organization"]["seats"].as_u64().unwrap()
}

/// An organisation's payments, the oldest first: what they come to and how they stand.
pub async fn paid(world: &World, admin: &Member) -> Vec<(i64, String)> {
    let answer = get(world, admin, PAYMENTS).await.expect(200);
    let payments = answer.body["payments"].as_array().unwrap().clone();
    let shown = |it: &Value| (it["amount"].as_i64().unwrap(), text(&it["status"]));
    payments.iter().rev().map(shown).collect()
}

/// The subscription of an organisation's licence.
pub fn subscription(world: &World, admin: &Member) -> String {
    let organization = items(world, &format!("ORG#{}", admin.organization_id));
    let mut stored = organization
        .iter()
        .map(|item| &item["license"]["M"]["subscription"]["S"]);
    text(stored.find(|it| it.is_string()).unwrap())
}

/// Changes a licence; what is answered of it.
pub async fn change(world: &World, admin: &Member, license: &Value, body: Value) -> Value {
    let path = format!("{LICENSES}/{}", text(&license["id"]));
    let answer = put(world, admin, &path, body).await.expect(200);
    world.stack.settle().await;
    answer.body["license"].clone()
}

/// It is `time` now, what has happened until then was told, and the admin has logged in anew.
pub async fn at(world: &World, time: &str, admin: Member) -> Member {
    world.stack.at(moment(time)).await;
    logged_in(world, admin).await
}

/// The same, with what the sweep does then.
pub async fn sweep(world: &World) {
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let lambda = world.stack.lambda();
    lambda.invoke("OrgsSweep", tick).await.unwrap();
    world.stack.settle().await;
}

#[tokio::test]
async fn a_licence_is_bought_and_counts_once_it_is_paid() {
    let world = selling().await;
    let hana = admin(&world, "hana").await;
    let session = checkout(&world, &hana, 5).await;
    let none = json!({"licenses": []});
    let listed = get(&world, &hana, LICENSES).await.expect(200);
    assert_eq!(listed.body, none);
    assert_eq!(seats(&world, &hana).await, 1);
    assert_eq!(usage(&world, &hana).await, (0, 0));

    world.stack.stripe().pay(&session).unwrap();
    world.stack.settle().await;
    let license = license(&world, &hana).await;
    assert_eq!(license["quantity"], 5);
    assert_eq!(license["status"], "active");
    assert_eq!(license["cancel_applied_at"], Value::Null);
    assert!(license.get("pending").is_none());
    assert_eq!(seats(&world, &hana).await, 5);
    assert_eq!(usage(&world, &hana).await, (0, 180_000));
    assert_eq!(paid(&world, &hana).await, [(5_000, "paid".to_owned())]);
    let payments = get(&world, &hana, PAYMENTS).await.expect(200);
    let payment = &payments.body["payments"][0];
    assert_eq!(payment["period_end"], license["current_period_end"]);
    assert!(text(&payment["url"]).contains("/invoice/"));

    let body = json!({"plan_id": 1, "quantity": 5});
    post(&world, &hana, LICENSES, body)
        .await
        .expect_error(409, "conflict", &[]);
    world.nothing_given_up();
}

#[tokio::test]
async fn while_a_checkout_is_open_every_admin_is_sent_there() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "admin").await;
    let body = || json!({"plan_id": 1, "quantity": 2});
    let both = futures_util::join!(
        post(&world, &hana, LICENSES, body()),
        post(&world, &sora, LICENSES, body()),
    );
    let urls = [both.0, both.1].map(|answer| answer.expect(200).text("checkout_url"));
    assert_eq!(urls[0], urls[1]);
    let open = world.stack.stripe().open_sessions();
    assert_eq!(open.len(), 1);
    world.stack.stripe().pay(&open[0]).unwrap();
    world.stack.settle().await;
    assert_eq!(license(&world, &sora).await["quantity"], 2);
    assert_eq!(paid(&world, &sora).await, [(2_000, "paid".to_owned())]);
}

#[tokio::test]
async fn what_was_not_paid_makes_room_for_another() {
    let world = selling().await;
    let hana = admin(&world, "hana").await;
    let first = checkout(&world, &hana, 5).await;
    later(&world, 37 * 60);
    // Whether that was told or not.
    let second = checkout(&world, &hana, 3).await;
    assert_ne!(first, second);
    later(&world, 37 * 60);
    world.stack.settle().await;
    let hana = logged_in(&world, hana).await;
    assert!(items(&world, "LICENSES").is_empty());
    assert_eq!(buy(&world, &hana, 2).await["quantity"], 2);
}

#[tokio::test]
async fn what_names_nothing_or_is_too_small_is_refused() {
    let world = world(2, 0).await;
    let hana = admin(&world, "hana").await;
    invited(&world, &hana, "sora", "member").await;
    let body = json!({"plan_id": 7, "quantity": 5});
    post(&world, &hana, LICENSES, body).await.expect_error(
        400,
        "invalid_parameter",
        &["plan_id: missing"],
    );
    let body = json!({"plan_id": 1, "quantity": 0});
    post(&world, &hana, LICENSES, body).await.expect_error(
        400,
        "invalid_parameter",
        &["quantity: invalid"],
    );
    let body = json!({"plan_id": 1, "quantity": 1});
    post(&world, &hana, LICENSES, body)
        .await
        .expect_error(409, "conflict", &[]);
    post(&world, &hana, "/v1/service/portal", json!({}))
        .await
        .expect_error(409, "conflict", &[]);
    let license = buy(&world, &hana, 2).await;
    let path = format!("{LICENSES}/{}", text(&license["id"]));
    for body in [
        json!({}),
        json!({"quantity": 3, "cancel_applied_at": null}),
        json!({"cancel_applied_at": "soon"}),
        json!({"quantity": null}),
    ] {
        assert_eq!(put(&world, &hana, &path, body).await.status, 400);
    }
    let other = format!("{LICENSES}/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4fff");
    put(&world, &hana, &other, json!({"quantity": 3}))
        .await
        .expect_error(404, "not_found", &[]);
    let portal = call(&world, &hana, "POST", "/v1/service/portal", None).await;
    assert!(portal.expect(200).text("url").contains("/portal/"));
}

/// Opens a second subscription for an organisation, past all that would keep it from it.
pub async fn second(world: &World, admin: &Member) -> String {
    let app = world.app("OrgsCreateLicense", |_| {});
    let stripe = stripe::client(&app);
    let customer = stripe
        .create_customer("second", "縁", "second@example.com", &[])
        .await
        .unwrap();
    let new = NewPayment {
        payment_id: PaymentId::new(&app),
        payer: admin.organization_id.parse::<PayerId>().unwrap(),
        purpose: Purpose::new("license"),
        reference: &admin.organization_id,
        product: Product::Subscription {
            customer: customer.id,
            price: PRICE.into(),
            unit_amount: 1_000,
            quantity: 7,
        },
        currency: "jpy",
        lasts: SignedDuration::from_mins(36),
        cards_only: true,
        success_url: "http://localhost:5173/licenses",
        cancel_url: "http://localhost:5173/licenses",
    };
    let opened = payments::open(&app, new).await.unwrap();
    opened.payment.stripe.checkout_session.unwrap()
}

#[tokio::test]
async fn a_second_subscription_is_ended_and_given_back() {
    let world = selling().await;
    let hana = admin(&world, "hana").await;
    let license = buy(&world, &hana, 5).await;
    let session = second(&world, &hana).await;
    world.stack.stripe().pay(&session).unwrap();
    world.stack.settle().await;
    assert_eq!(self::license(&world, &hana).await, license);
    assert_eq!(seats(&world, &hana).await, 5);
    assert_eq!(usage(&world, &hana).await, (0, 180_000));
    let both = [(5_000, "paid".to_owned()), (7_000, "refunded".to_owned())];
    // Both were begun at the same moment.
    let mut found = paid(&world, &hana).await;
    found.sort();
    assert_eq!(found, both);
    let balance = world.stack.stripe().balance();
    assert_eq!((balance.paid, balance.refunded), (12_000, 7_000));
    world.nothing_given_up();
}

/// What is not told stays a secret of Stripe's until somebody asks.
#[tokio::test]
async fn payments_are_listed_while_stripe_is_down_and_whoever_bought() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "admin").await;
    buy(&world, &sora, 3).await;
    let path = format!("/v1/service/organization_members/{}", sora.id);
    delete(&world, &hana, &path).await.expect(200);
    for _ in 0..20 {
        world
            .stack
            .stripe()
            .inject(enishi_local::stripe::Fault::Unavailable);
    }
    assert_eq!(paid(&world, &hana).await, [(3_000, "paid".to_owned())]);
    assert_eq!(license(&world, &hana).await["quantity"], 3);
    get(&world, &sora, PAYMENTS)
        .await
        .expect_error(403, "profile_missing", &[]);
    let own = world.call("GET", "/api/payments", None, None).await;
    assert_eq!(own.status, 401);
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Moves the clock on.
fn later(world: &World, seconds: i64) {
    crate::identity::later(world, seconds);
}
