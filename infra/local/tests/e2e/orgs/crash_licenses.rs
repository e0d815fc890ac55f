//! The flows of licences under faults.

use enishi_local::stripe::Order;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    Member, admin, delete, items,
    licenses::{LICENSES, buy, checkout, second, subscription},
};
use crate::{
    crash::{Flow, Scene, flows},
    support::text,
};

flows!(
    orgs: buy_license, raise_license, lower_license, cancel_license, license_told, license_refused, license_swept,
    license_closed,
);

async fn buy_license(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsCreateLicense",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            organization(scene).await;
        },
        async |scene| {
            let body = json!({"plan_id": 1, "quantity": 5});
            scene.call(0, "POST", LICENSES, Some(body)).await.0 == 200
        },
        async |scene| {
            let stripe = scene.world.stack.stripe();
            let open = stripe.open_sessions();
            let [session] = open.as_slice() else {
                return Err(format!("{open:?}"));
            };
            stripe.pay(session)?;
            stands(scene, 5, &[5_000], 180_000).await
        },
    )
    .await;
}

async fn raise_license(name: &'static str) {
    changed(name, json!({"quantity": 8}), async |scene| {
        stands(scene, 8, &[5_000, 3_000], 8 * 36_000).await
    })
    .await;
}

async fn lower_license(name: &'static str) {
    changed(name, json!({"quantity": 2}), async |scene| {
        stands(scene, 2, &[5_000], 180_000).await
    })
    .await;
}

async fn cancel_license(name: &'static str) {
    let off = json!({"cancel_applied_at": "2026-11-20 14:12:34"});
    changed(name, off, async |scene| {
        let license = listed(scene).await;
        match license["cancel_applied_at"] == "2026-11-20 14:12:34" {
            true => stands(scene, 5, &[5_000], 180_000).await,
            false => Err(license.to_string()),
        }
    })
    .await;
}

/// A change of a licence of five seats.
async fn changed(
    name: &'static str,
    body: Value,
    check: impl AsyncFn(&mut Scene) -> Result<(), String>,
) {
    let flow = Flow {
        name,
        function: "OrgsUpdateLicense",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let hana = organization(scene).await;
            let license = buy(&scene.world, &hana, 5).await;
            scene.token = text(&license["id"]);
        },
        async |scene| {
            let path = format!("{LICENSES}/{}", scene.token);
            let body = Some(body.clone());
            scene.call(0, "PUT", &path, body).await.0 == 200
        },
        check,
    )
    .await;
}

async fn license_told(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsLicense",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let hana = organization(scene).await;
            let session = checkout(&scene.world, &hana, 5).await;
            scene.token = paid(scene, &session);
        },
        async |scene| told(scene).await,
        async |scene| stands(scene, 5, &[5_000], 180_000).await,
    )
    .await;
}

/// One beside a licence.
async fn license_refused(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsLicense",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let hana = organization(scene).await;
            buy(&scene.world, &hana, 5).await;
            let session = second(&scene.world, &hana).await;
            scene.token = paid(scene, &session);
        },
        async |scene| told(scene).await,
        async |scene| {
            let balance = scene.world.stack.stripe().balance();
            match (balance.paid, balance.refunded) {
                (12_000, 7_000) => stands(scene, 5, &[5_000, 7_000], 180_000).await,
                _ => Err(format!("{balance:?}")),
            }
        },
    )
    .await;
}

/// A period's turn that nobody was told of.
async fn license_swept(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsSweep",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let hana = organization(scene).await;
            buy(&scene.world, &hana, 5).await;
            let stripe = scene.world.stack.stripe();
            let delay = SignedDuration::from_hours(24 * 3_000);
            stripe.deliver_order(Order {
                delay,
                ..Order::default()
            });
            let clock = scene.world.stack.clock();
            let turned = SignedDuration::from_hours(31 * 24 + 2);
            clock.set(Some(clock.now() + turned));
        },
        async |scene| scene.fire("OrgsSweep").await.is_ok(),
        async |scene| match items(&scene.world, "LICENSES").len() {
            1 => stands(scene, 5, &[5_000, 5_000], 180_000).await,
            other => Err(format!("{other} are due")),
        },
    )
    .await;
}

/// The licence of an organisation that was closed.
async fn license_closed(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsClose",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let hana = organization(scene).await;
            buy(&scene.world, &hana, 5).await;
            scene.token = subscription(&scene.world, &hana);
            let path = format!("/v1/service/organizations/{}", hana.organization_id);
            delete(&scene.world, &hana, &path).await.expect(200);
            scene.people[1] = hana.organization_id;
        },
        async |scene| {
            let event = json!({
                "source": "enishi.orgs", "detail-type": "orgs.closed",
                "detail": {
                    "id": "019aa2b4-7c1f-7a02-8d11-3c4b5a697887",
                    "time": "2026-11-20T11:00:00Z",
                    "data": {
                        "organization_id": scene.people[1], "period": "FREE",
                        "license": {"license_id": scene.people[1], "subscription": scene.token},
                    },
                },
            });
            let lambda = scene.world.stack.lambda();
            lambda.invoke("OrgsClose", event).await.is_ok()
        },
        async |scene| {
            let ended = scene.world.stack.stripe().object(&scene.token);
            match ended.map(|it| it["status"] == "canceled") {
                Some(true) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        },
    )
    .await;
}

/// The first of them with an organisation.
async fn organization(scene: &mut Scene) -> Member {
    let hana = admin(&scene.world, "hana").await;
    scene.people[0] = hana.id.clone();
    hana
}

/// Somebody pays; the subscription that this begins.
fn paid(scene: &Scene, session: &str) -> String {
    let stripe = scene.world.stack.stripe();
    stripe.pay(session).unwrap();
    text(&stripe.object(session).unwrap()["subscription"])
}

/// Tells orgs of a subscription.
async fn told(scene: &Scene) -> bool {
    let event = json!({
        "source": "enishi.payments", "detail-type": "stripe.customer.subscription.created",
        "detail": {
            "id": "evt_1", "time": "2026-11-20T11:00:00Z",
            "data": {
                "type": "customer.subscription.created", "object": "subscription",
                "object_id": scene.token,
            },
        },
    });
    let lambda = scene.world.stack.lambda();
    lambda.invoke("OrgsLicense", event).await.is_ok()
}

async fn listed(scene: &Scene) -> Value {
    let (_, listed) = scene.call(0, "GET", LICENSES, None).await;
    listed["licenses"][0].clone()
}

/// That there are so many seats and seconds, and that these sums were invoiced, here and at Stripe.
async fn stands(scene: &Scene, seats: u64, sums: &[i64], left: u64) -> Result<(), String> {
    scene.world.stack.settle().await;
    let license = listed(scene).await;
    let (_, listed) = scene.call(0, "GET", "/v1/service/payments", None).await;
    let payments = listed["payments"].as_array().cloned().unwrap_or_default();
    let mut invoiced: Vec<i64> = payments
        .iter()
        .filter_map(|it| it["amount"].as_i64())
        .collect();
    // Those of one second are in no order.
    invoiced.sort_unstable();
    let mut expected = sums.to_vec();
    expected.sort_unstable();
    let (_, usage) = scene.call(0, "GET", "/v1/service/usage", None).await;
    let paid: i64 = sums.iter().sum();
    let balance = scene.world.stack.stripe().balance();
    let is_right = license["quantity"] == seats
        && license["status"] == "active"
        && invoiced == expected
        && usage["usage"]["left"] == left
        && balance.paid == paid;
    match is_right {
        true => Ok(()),
        false => Err(format!("{license}\n{listed}\n{usage}\n{balance:?}")),
    }
}
