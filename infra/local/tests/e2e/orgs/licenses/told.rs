//! In whatever order Stripe tells of a subscription, however often or not at all, it ends the same; and what was
//! paid is what Stripe says was paid, to the yen.

use enishi_local::stripe::Order;

use super::*;

/// How events reach us.
fn orders() -> [Order; 4] {
    let late = |shuffle, days: i64| Order {
        copies: 1,
        delay: SignedDuration::from_hours(24 * days),
        shuffle: Some(shuffle),
    };
    // Twice each, shuffled; the same three days late, among those of another step; never.
    [late(1, 0), late(2, 0), late(3, 3), late(4, 3_000)]
}

/// What the sweeps find.
async fn find(world: &World) {
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let lambda = world.stack.lambda();
    lambda.invoke("PaymentsSweep", tick).await.unwrap();
    world.stack.settle().await;
    sweep(world).await;
}

/// Five seats, eight, six, a period's turn, a card that is declined and pays later: what it comes to.
async fn life(order: Order) -> Value {
    let world = selling().await;
    world.stack.at(moment("2027-06-01T08:00:00Z")).await;
    world.stack.stripe().deliver_order(order);
    let hana = admin(&world, "hana").await;
    buy(&world, &hana, 5).await;
    let hana = at(&world, "2027-06-01T08:50:00Z", hana).await;
    find(&world).await;
    let license = license(&world, &hana).await;
    let its = subscription(&world, &hana);
    let hana = at(&world, "2027-06-16T08:00:00Z", hana).await;
    change(&world, &hana, &license, json!({"quantity": 8})).await;
    change(&world, &hana, &license, json!({"quantity": 6})).await;
    let hana = at(&world, "2027-07-01T09:05:00Z", hana).await;
    find(&world).await;
    world.stack.stripe().decline(&its, true).unwrap();
    let hana = at(&world, "2027-08-01T09:10:00Z", hana).await;
    find(&world).await;
    world.stack.stripe().decline(&its, false).unwrap();
    let hana = at(&world, "2027-08-03T09:15:00Z", hana).await;
    find(&world).await;
    let hana = at(&world, "2027-08-10T09:20:00Z", hana).await;
    find(&world).await;
    let mut license = self::license(&world, &hana).await;
    license.as_object_mut().unwrap().remove("id");
    license.as_object_mut().unwrap().remove("created_at");
    world.nothing_given_up();
    json!({
        "license": license, "seats": seats(&world, &hana).await,
        "usage": usage(&world, &hana).await, "payments": paid(&world, &hana).await,
    })
}

#[tokio::test]
async fn however_it_is_told_it_comes_to_the_same() {
    let expected = life(Order::default()).await;
    assert_eq!(expected["seats"], 6);
    assert_eq!(expected["usage"], json!([0, 6 * 36_000]));
    assert_eq!(
        expected["payments"],
        json!([
            [5_000, "paid"],
            [1_500, "paid"],
            [6_000, "paid"],
            [6_000, "paid"]
        ])
    );
    for order in orders() {
        assert_eq!(life(order).await, expected, "{order:?}");
    }
}
