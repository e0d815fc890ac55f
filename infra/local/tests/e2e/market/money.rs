//! Whether money can be passed on to a maker.

use enishi_market::maker::Maker;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{add, become_maker, cup, names, stored};
use crate::support::{Person, World, permutations, text};

/// A maker who has begun to tell Stripe about themselves, and their account.
pub async fn told(world: &World, name: &str) -> (Person, String) {
    let person = world.sign_up(name).await;
    become_maker(world, &person).await;
    let link = world.get(&person, "/api/stripe/create").await.expect(200);
    assert!(link.text("url").starts_with("http"), "{}", link.text);
    let maker: Maker = stored(world, &person.id).await;
    (person, maker.stripe_account_id.unwrap())
}

/// What Stripe tells of an account.
pub fn updated(account: &str) -> Value {
    json!({
        "source": "enishi.payments",
        "detail-type": "stripe.account.updated",
        "detail": {
            "id": "evt_1", "time": "2026-11-20T11:00:00Z",
            "data": {
                "type": "account.updated", "object": "account", "object_id": account,
                "account": account,
            },
        },
    })
}

#[tokio::test]
async fn what_a_maker_makes_is_on_sale_while_money_can_be_passed_on() {
    let world = World::new().await;
    let (hana, account) = told(&world, "hana").await;
    add(&world, &hana, cup()).await;
    assert!(names(&world, "").await.is_empty());
    let answer = world.get(&hana, "/api/stripe/mypage").await;
    answer.expect_error(409, "conflict", &[]);
    // Asked again, it is the same account.
    world.get(&hana, "/api/stripe/create").await.expect(200);
    let maker = stored(&world, &hana.id).await;
    assert_eq!(maker.stripe_account_id.as_deref(), Some(&*account));

    let stripe = world.stack.stripe();
    for enough in [true, false, true] {
        stripe.onboard(&account, enough).unwrap();
        stripe.deliver().await;
        world.stack.settle().await;
        assert_eq!(names(&world, "").await.len(), usize::from(enough));
        let me = world.get(&hana, "/api/makers/me").await.expect(200);
        assert_eq!(me.body["onboarded"], enough);
    }
    let page = world.get(&hana, "/api/stripe/mypage").await.expect(200);
    assert!(text(&page.body["url"]).contains(&account));
    let umi = world.sign_up("umi").await;
    for path in ["/api/stripe/create", "/api/stripe/mypage"] {
        world
            .get(&umi, path)
            .await
            .expect_error(403, "forbidden", &[]);
    }
}

#[tokio::test]
async fn what_is_told_of_an_account_may_be_old_doubled_or_of_somebody_elses() {
    let world = World::new().await;
    let (hana, account) = told(&world, "hana").await;
    let stripe = world.stack.stripe();
    let event = updated(&account);
    for round in 0..6 {
        // The account changes while several are told.
        let told = (0..5).map(|_| world.stack.lambda().invoke("MarketAccount", event.clone()));
        let changes = async {
            for enough in [round % 3 == 0, round % 2 == 0] {
                stripe.onboard(&account, enough).unwrap();
                tokio::task::yield_now().await;
            }
            // Of the last change one hears at last.
            world
                .stack
                .lambda()
                .invoke("MarketAccount", event.clone())
                .await
                .unwrap();
        };
        let (told, ()) = futures_util::join!(join_all(told), changes);
        assert!(told.iter().all(Result::is_ok));
        let maker = stored(&world, &hana.id).await;
        assert_eq!(maker.onboarded, round % 2 == 0, "{round}");
    }
    let before = stored(&world, &hana.id).await;
    let other = updated("acct_other");
    world
        .stack
        .lambda()
        .invoke("MarketAccount", other)
        .await
        .unwrap();
    assert_eq!(stored(&world, &hana.id).await, before);
}

/// What happens to an account, and what is told of it: the first three are changes, each of the others tells of
/// the one that is three before it.
#[tokio::test]
async fn in_every_order_of_what_is_told_of_an_account_it_ends_as_stripe_has_it() {
    let world = World::new().await;
    let (hana, account) = told(&world, "hana").await;
    add(&world, &hana, cup()).await;
    let stripe = world.stack.stripe();
    let event = updated(&account);
    let place = |order: &[usize], it: usize| order.iter().position(|other| *other == it);
    let mut orders = permutations(6);
    orders.retain(|order| {
        let after = |first, then| place(order, first) < place(order, then);
        after(0, 1) && after(1, 2) && (0..3).all(|change| after(change, change + 3))
    });
    assert_eq!(orders.len(), 15);
    for (nth, order) in orders.iter().enumerate() {
        let ends = nth % 2 == 0;
        for it in order {
            match it {
                0..3 => stripe.onboard(&account, ends == (it % 2 == 0)).unwrap(),
                _ => {
                    // One of them twice.
                    for _ in 0..1 + usize::from(it % 3 == nth % 3) {
                        let lambda = world.stack.lambda();
                        let heard = lambda.invoke("MarketAccount", event.clone()).await;
                        heard.unwrap();
                    }
                }
            }
        }
        let maker = stored(&world, &hana.id).await;
        assert_eq!(maker.onboarded, ends, "{order:?}");
        world.stack.settle().await;
        assert_eq!(
            names(&world, "").await.len(),
            usize::from(ends),
            "{order:?}"
        );
    }
}
