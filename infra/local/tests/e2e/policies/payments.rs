//! Every request that the payments' functions can make.

use enishi_shared::payments::{find, refund};
use jiff::SignedDuration;

use crate::{
    payments::{later, open, seen, service, session, sweep},
    support::World,
};

/// The story.
pub async fn story(world: &World) {
    let hana = world.sign_up("payer").await;
    let app = service(world);
    let payment = open(&app, &hana).await.payment;
    world.stack.stripe().pay(session(&payment)).unwrap();
    world.stack.settle().await;
    refund(&app, payment.payment_ref(), "all", None)
        .await
        .unwrap();
    world.stack.settle().await;
    seen(world, &hana).await;
    let other = open(&app, &hana).await.payment;
    // Nobody tells of its end.
    world
        .stack
        .stripe()
        .deliver_order(enishi_local::stripe::Order {
            delay: SignedDuration::from_hours(1_000),
            ..Default::default()
        });
    let began = world.stack.clock().now();
    later(world, SignedDuration::from_mins(70));
    sweep(world).await.unwrap();
    assert_ne!(
        find(&app, other.payment_ref()).await.unwrap().version,
        other.version
    );
    world.stack.clock().set(Some(began));
}
