//! Every request that the functions of licences can make.

use enishi_local::aws::Call;
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    identity::later,
    orgs::{
        Member, admin, call, delete, get,
        licenses::{LICENSES, checkout, second, selling, subscription, sweep},
        logged_in, put,
    },
    support::{World, text},
};

/// They log in anew: the first function that hears of it notes when.
async fn again(world: &World, member: Member) -> Member {
    later(world, 1);
    logged_in(world, member).await
}

/// The story, in a world of its own: a month passes.
pub async fn story() -> Vec<Call> {
    let world = &selling().await;
    let stripe = world.stack.stripe();
    let hana = admin(world, "license-hana").await;
    let hana = again(world, hana).await;
    checkout(world, &hana, 5).await;
    // Another takes its place, and is begun.
    later(world, 37 * 60);
    let session = checkout(world, &hana, 9).await;
    stripe.pay(&session).unwrap();
    world.stack.settle().await;
    let hana = again(world, hana).await;
    let listed = get(world, &hana, LICENSES).await.expect(200);
    let path = format!("{LICENSES}/{}", text(&listed.body["licenses"][0]["id"]));
    let hana = again(world, hana).await;
    for quantity in [12, 9] {
        put(world, &hana, &path, json!({"quantity": quantity}))
            .await
            .expect(200);
    }
    let hana = again(world, hana).await;
    call(world, &hana, "POST", "/v1/service/portal", None)
        .await
        .expect(200);
    let hana = again(world, hana).await;
    get(world, &hana, "/v1/service/payments").await.expect(200);
    let session = second(world, &hana).await;
    stripe.pay(&session).unwrap();
    world.stack.settle().await;

    // A period's turn that nobody is told of.
    stripe.deliver_order(enishi_local::stripe::Order {
        delay: SignedDuration::from_hours(24 * 3_000),
        ..Default::default()
    });
    later(world, 31 * 86_400 + 2 * 3_600);
    sweep(world).await;
    stripe.deliver_order(Default::default());
    let hana = logged_in(world, hana).await;
    assert!(!subscription(world, &hana).is_empty());
    let path = format!("/v1/service/organizations/{}", hana.organization_id);
    delete(world, &hana, &path).await.expect(200);
    // One that was asked for twice.
    let sora = admin(world, "license-sora").await;
    checkout(world, &sora, 5).await;
    later(world, 50 * 60);
    sweep(world).await;
    checkout(world, &sora, 5).await;
    let path = format!("/v1/service/organizations/{}", sora.organization_id);
    delete(world, &sora, &path).await.expect(200);
    world.stack.settle().await;
    world.nothing_given_up();
    world.stack.aws().calls()
}
