//! What licences take.

use serde_json::json;

use super::{Measured, count};
use crate::{
    identity::later,
    orgs::{
        admin, call, delete, get,
        licenses::{LICENSES, checkout, second},
        logged_in, post, put,
    },
    support::{World, text},
};

/// Calls each in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let stripe = world.stack.stripe();
    let hana = admin(world, "hana").await;
    world.stack.settle().await;
    count(world, "");
    checkout(world, &hana, 5).await;
    measured.count(world, "orgs-create-license");
    // That one again; and when it is over, another.
    checkout(world, &hana, 5).await;
    measured.count(world, "orgs-create-license");
    later(world, 37 * 60);
    let session = checkout(world, &hana, 5).await;
    measured.count(world, "orgs-create-license");
    stripe.pay(&session).unwrap();
    let subscription = text(&stripe.object(&session).unwrap()["subscription"]);
    let told = json!({
        "source": "enishi.payments", "detail-type": "stripe.customer.subscription.created",
        "detail": {
            "id": "evt_1", "time": "2026-11-20T11:00:00Z",
            "data": {
                "type": "customer.subscription.created", "object": "subscription",
                "object_id": subscription,
            },
        },
    });
    let lambda = world.stack.lambda();
    lambda.invoke("OrgsLicense", told.clone()).await.unwrap();
    measured.within(world, "orgs-license", 0, 1);
    world.stack.settle().await;
    count(world, "");
    // Once more, there is nothing to do.
    lambda.invoke("OrgsLicense", told).await.unwrap();
    assert_eq!(count(world, "orgs-license"), 3);

    let listed = get(world, &hana, LICENSES).await.expect(200);
    measured.count(world, "orgs-licenses");
    let path = format!("{LICENSES}/{}", text(&listed.body["licenses"][0]["id"]));
    for (quantity, requests) in [(8, 8), (6, 6)] {
        put(world, &hana, &path, json!({"quantity": quantity}))
            .await
            .expect(200);
        assert_eq!(measured.count(world, "orgs-update-license"), requests);
        world.stack.settle().await;
        count(world, "");
    }
    call(world, &hana, "POST", "/v1/service/portal", None)
        .await
        .expect(200);
    measured.count(world, "orgs-portal");
    get(world, &hana, "/v1/service/payments").await.expect(200);
    measured.count(world, "orgs-payments");

    // Told of at 80 percent, with a letter.
    let body = json!({"name": "a", "video_length": 230_000});
    post(world, &hana, "/v1/service/projects", body)
        .await
        .expect(200);
    measured.count(world, "orgs-create-project");

    let session = second(world, &hana).await;
    stripe.pay(&session).unwrap();
    world.stack.settle().await;
    count(world, "");

    later(world, 31 * 86_400 + 2 * 3_600);
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    let swept = lambda.invoke("OrgsSweep", tick).await.unwrap();
    assert_eq!(swept["licenses"], 1);
    measured.within(world, "orgs-sweep", 2, 1);
    world.stack.settle().await;
    let hana = logged_in(world, hana).await;
    // This one notes it.
    get(world, &hana, LICENSES).await.expect(200);
    count(world, "");
    let path = format!("/v1/service/organizations/{}", hana.organization_id);
    delete(world, &hana, &path).await.expect(200);
    measured.count(world, "orgs-close-organization");
    world.stack.settle().await;
    measured.within(world, "orgs-close", 6 + 4 + 2, 1);
}
