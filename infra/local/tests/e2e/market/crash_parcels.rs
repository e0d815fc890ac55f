//! What is done with parcels and moves their money, under faults.

use enishi_market::order::state::{Order, ParcelState, Refund, Reversal, Transfer};
use enishi_shared::store::Change;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    add, cup, items,
    money::told,
    set,
    shop::{customer, stored},
};
use crate::{
    crash::{Fault, Flow, Scene, flows},
    support::text,
};

flows!(
    market: ship, receive, report, refund_sale, pass_on, give_back, take_back, wait, resume, remind, give_back_late,
    suspend,
);

/// A cup and its sending; a tenth of it stays.
const PRICE: i64 = 3_500;
const SHARE: i64 = 3_150;

fn flow(name: &'static str, function: &'static str) -> Flow {
    Flow {
        name,
        function,
        two_meet: true,
    }
}

/// The first of the people has bought a cup of the second, and paid; the token is the order's id.
async fn paid(scene: &mut Scene) {
    let world = &scene.world;
    let stripe = world.stack.stripe();
    let (maker, account) = told(world, "hana").await;
    stripe.onboard(&account, true).unwrap();
    stripe.deliver().await;
    world.stack.settle().await;
    let item = add(world, &maker, cup()).await;
    let customer = customer(world, "sora").await;
    let line = json!({"item_id": item, "quantity": 1});
    world.post(&customer, "/api/cart", line).await.expect(200);
    let bought = world
        .post(&customer, "/api/buy", json!({}))
        .await
        .expect(201);
    let url = bought.text("checkout_url");
    stripe.pay(url.rsplit('/').next().unwrap()).unwrap();
    stripe.deliver().await;
    world.stack.settle().await;
    scene.people[0] = customer.id;
    scene.people[1] = maker.id;
    scene.token = bought.text("transaction_id");
}

/// … that is on its way.
async fn shipped(scene: &mut Scene) {
    paid(scene).await;
    assert!(ships(scene).await);
    scene.world.stack.settle().await;
}

/// … that has come, of which only the order knows.
async fn received(scene: &mut Scene) {
    shipped(scene).await;
    unheard(scene, async |scene| says(scene, "received").await).await;
}

/// Does something of which nobody is told.
async fn unheard(scene: &Scene, act: impl AsyncFn(&Scene) -> bool) {
    scene
        .faults
        .watch("PlatformRelay", Some((Fault::GoneBefore, 0)));
    assert!(act(scene).await);
    scene.faults.end();
}

async fn ships(scene: &Scene) -> bool {
    let path = format!("/api/sales/{}/ship", scene.token);
    let body = json!({"ship_id": "1234-5678-9012"});
    scene.call(1, "POST", &path, Some(body)).await.0 == 200
}

async fn refunds(scene: &Scene) -> bool {
    let path = format!("/api/sales/{}/refund", scene.token);
    scene.call(1, "POST", &path, None).await.0 == 200
}

async fn says(scene: &Scene, what: &str) -> bool {
    let path = format!("/api/transaction/{}/{what}", scene.token);
    let maker_id = &scene.people[1];
    let body = match what {
        "report" => json!({"maker_id": maker_id, "reason": "割れていました。"}),
        _ => json!({"maker_id": maker_id}),
    };
    scene.call(0, "POST", &path, Some(body)).await.0 == 200
}

async fn invoked(scene: &Scene, function: &str, data: Value) -> bool {
    let event = json!({"detail": {"id": "1", "time": "2026-11-20T11:00:00Z", "data": data}});
    let lambda = scene.world.stack.lambda();
    lambda.invoke(function, event).await.is_ok()
}

async fn pays_out(scene: &Scene) -> bool {
    invoked(scene, "MarketPayOut", json!({"order_id": scene.token})).await
}

async fn follows_maker(scene: &Scene) -> bool {
    let data = json!({"maker_id": scene.people[1]});
    invoked(scene, "MarketFollowMaker", data).await
}

/// How all stands once all has followed: the parcel, its money at Stripe, and the letters of these subjects.
async fn ended(
    scene: &Scene,
    state: ParcelState,
    (transfer, refund, reversal): (Transfer, Refund, Reversal),
    [passed_on, refunded]: [i64; 2],
    told: &[(&str, usize)],
) -> Result<(), String> {
    let world = &scene.world;
    world.stack.settle().await;
    let Order { parcels, .. } = stored(world, &scene.token).await.order;
    let parcel = &parcels[0];
    let money = (parcel.transfer, parcel.refund, parcel.reversal);
    let balance = world.stack.stripe().balance();
    if (parcel.state, money) != (state, (transfer, refund, reversal))
        || (balance.passed_on, balance.refunded) != (passed_on, refunded)
    {
        return Err(format!("{parcel:?}, {balance:?}"));
    }
    let letters = items(world, "OUTBOX#");
    for (subject, count) in told {
        let about = letters
            .iter()
            .filter(|row| text(&row["detail"]["S"]).contains(subject));
        if about.count() != *count {
            return Err(format!("{subject}: not {count}"));
        }
    }
    match world.stack.lambda().dead_letters().first() {
        None => Ok(()),
        Some(letter) => Err(format!("given up: {letter:?}")),
    }
}

const NOTHING: (Transfer, Refund, Reversal) = (Transfer::None, Refund::None, Reversal::None);
const PASSED_ON: (Transfer, Refund, Reversal) = (Transfer::Done, Refund::None, Reversal::None);
const GIVEN_BACK: (Transfer, Refund, Reversal) = (Transfer::None, Refund::Done, Reversal::None);

async fn ship(name: &'static str) {
    let told = [("商品が発送されました", 1)];
    flow(name, "MarketShip")
        .survives(
            paid,
            async |scene| ships(scene).await,
            async |scene| ended(scene, ParcelState::Shipped, NOTHING, [0, 0], &told).await,
        )
        .await;
}

async fn receive(name: &'static str) {
    flow(name, "MarketReceive")
        .survives(
            shipped,
            async |scene| says(scene, "received").await,
            async |scene| ended(scene, ParcelState::Complete, PASSED_ON, [SHARE, 0], &[]).await,
        )
        .await;
}

async fn report(name: &'static str) {
    flow(name, "MarketReport")
        .survives(
            shipped,
            async |scene| says(scene, "report").await,
            async |scene| {
                if items(&scene.world, "REPORTS").len() != 1 {
                    return Err("not reported once".to_owned());
                }
                ended(scene, ParcelState::Shipped, NOTHING, [0, 0], &[]).await
            },
        )
        .await;
}

async fn refund_sale(name: &'static str) {
    let told = [("ご返金のお知らせ", 1)];
    flow(name, "MarketRefundSale")
        .survives(
            paid,
            async |scene| refunds(scene).await,
            async |scene| ended(scene, ParcelState::Refunded, GIVEN_BACK, [0, PRICE], &told).await,
        )
        .await;
}

async fn pass_on(name: &'static str) {
    flow(name, "MarketPayOut")
        .survives(
            received,
            async |scene| pays_out(scene).await,
            async |scene| ended(scene, ParcelState::Complete, PASSED_ON, [SHARE, 0], &[]).await,
        )
        .await;
}

async fn give_back(name: &'static str) {
    flow(name, "MarketPayOut")
        .survives(
            async |scene| {
                paid(scene).await;
                unheard(scene, async |scene| refunds(scene).await).await;
            },
            async |scene| pays_out(scene).await,
            async |scene| ended(scene, ParcelState::Refunded, GIVEN_BACK, [0, PRICE], &[]).await,
        )
        .await;
}

async fn take_back(name: &'static str) {
    let taken_back = (Transfer::Done, Refund::Done, Reversal::Done);
    flow(name, "MarketPayOut")
        .survives(
            async |scene| {
                shipped(scene).await;
                assert!(says(scene, "received").await);
                scene.world.stack.settle().await;
                unheard(scene, async |scene| refunds(scene).await).await;
            },
            async |scene| pays_out(scene).await,
            async |scene| ended(scene, ParcelState::Refunded, taken_back, [0, PRICE], &[]).await,
        )
        .await;
}

/// The money does not reach the maker.
async fn wait(name: &'static str) {
    let waits = (Transfer::Waiting, Refund::None, Reversal::None);
    flow(name, "MarketPayOut")
        .survives(
            async |scene| {
                received(scene).await;
                let not_now = |change: Change| change.set("onboarded", false);
                set(&scene.world, &scene.people[1], not_now).await;
            },
            async |scene| pays_out(scene).await,
            async |scene| {
                if items(&scene.world, "WAITS#").len() != 1 {
                    return Err("it does not wait once".to_owned());
                }
                ended(scene, ParcelState::Complete, waits, [0, 0], &[]).await
            },
        )
        .await;
}

/// … and then does.
async fn resume(name: &'static str) {
    let onboard = async |scene: &Scene, onboarded: bool| {
        let to = |change: Change| change.set("onboarded", onboarded);
        set(&scene.world, &scene.people[1], to).await;
    };
    flow(name, "MarketFollowMaker")
        .survives(
            async |scene| {
                received(scene).await;
                onboard(scene, false).await;
                scene.world.stack.settle().await;
                onboard(scene, true).await;
            },
            async |scene| follows_maker(scene).await,
            async |scene| ended(scene, ParcelState::Complete, PASSED_ON, [SHARE, 0], &[]).await,
        )
        .await;
}

async fn later(scene: &Scene, days: i64) {
    let clock = scene.world.stack.clock();
    clock.set(Some(clock.now() + SignedDuration::from_hours(24 * days)));
}

async fn remind(name: &'static str) {
    let told = [("商品の発送をお願いします", 1)];
    flow(name, "MarketSweep")
        .survives(
            async |scene| {
                paid(scene).await;
                later(scene, 3).await;
            },
            async |scene| scene.fire("MarketSweep").await.is_ok(),
            async |scene| ended(scene, ParcelState::Waiting, NOTHING, [0, 0], &told).await,
        )
        .await;
}

async fn give_back_late(name: &'static str) {
    let told = [("ご返金のお知らせ", 1), ("ご注文が取り消されました", 1)];
    flow(name, "MarketSweep")
        .survives(
            async |scene| {
                paid(scene).await;
                later(scene, 14).await;
            },
            async |scene| scene.fire("MarketSweep").await.is_ok(),
            async |scene| ended(scene, ParcelState::Refunded, GIVEN_BACK, [0, PRICE], &told).await,
        )
        .await;
}

async fn suspend(name: &'static str) {
    let told = [("ご返金のお知らせ", 1)];
    flow(name, "MarketFollowMaker")
        .survives(
            async |scene| {
                paid(scene).await;
                let suspended = |change: Change| change.set("suspended", true);
                set(&scene.world, &scene.people[1], suspended).await;
            },
            async |scene| follows_maker(scene).await,
            async |scene| ended(scene, ParcelState::Refunded, GIVEN_BACK, [0, PRICE], &told).await,
        )
        .await;
}
