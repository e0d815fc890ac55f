//! The flows of users, invitations and members under faults.

use enishi_orgs::organization::{organization_key, table};
use enishi_shared::store::Change;
use http::{Request, header};
use serde_json::{Value, json};

use super::{Member, admin, invited, items, membership::consistent};
use crate::{
    crash::{Flow, Scene, flows},
    identity::{mailed, market_sessions::verified},
    support::text,
};

flows!(
    orgs: create_user, invite, mail, accept, change_role, remove, delete_user, close, erase,
);

const ORGANIZATION: usize = 1;
const OTHER: usize = 2;
const UID: usize = 3;
const INVITATION: usize = 4;

async fn create_user(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsCreateUser",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let hana = verified(&scene.world, "hana@example.com").await;
            (scene.people[UID], scene.token) = (hana.uid, hana.id_token);
        },
        async |scene| {
            let body = json!({
                "uid": scene.people[UID], "email": "hana@example.com", "role": "admin",
                "company_name": "いろは株式会社", "postal_code": "123-4567", "address": "東京都",
            });
            keyed(scene, "/v1/service/users", body).await == 200
        },
        async |scene| {
            consistent(&scene.world);
            counted(scene, [("ORG#", 2), ("CALLER#", 2), ("AUDIT#", 1)])
        },
    )
    .await;
}

async fn invite(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsInvite",
        two_meet: true,
    };
    flow.survives(
        organization,
        async |scene| invites(scene).await == 200,
        async |scene| {
            consistent(&scene.world);
            // One, announced once: who asks again with the same key gets no second letter.
            let rows = items(&scene.world, "ORG#");
            let organization = rows.iter().find(|row| row["sk"]["S"] == "ORG").unwrap();
            match organization["invitations"]["M"]
                .as_object()
                .map(|it| it.len())
            {
                Some(1) => counted(scene, [("ORG#", 3), ("EMAIL#", 1), ("AUDIT#", 2)]),
                other => Err(format!("{other:?} invitations")),
            }
        },
    )
    .await;
}

async fn mail(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsMail",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            organization(scene).await;
            assert_eq!(invites(scene).await, 200);
            let outbox = items(&scene.world, "OUTBOX#");
            let outbox = outbox
                .iter()
                .find(|row| row["detail_type"]["S"] == "orgs.invited");
            scene.token = text(&outbox.unwrap()["detail"]["S"]);
        },
        async |scene| {
            let detail: Value = serde_json::from_str(&scene.token).unwrap();
            let event = json!({
                "source": "enishi.orgs", "detail-type": "orgs.invited", "detail": detail,
            });
            let lambda = scene.world.stack.lambda();
            lambda.invoke("OrgsMail", event).await.is_ok()
        },
        async |scene| {
            let sora = verified(&scene.world, "sora@example.com").await;
            let token = mailed(&scene.world, "sora@example.com").await;
            scene.token = sora.id_token;
            match keyed(scene, ACCEPT, json!({"token": token})).await {
                200 => Ok(()),
                other => Err(format!("{other}")),
            }
        },
    )
    .await;
}

const ACCEPT: &str = "/v1/service/invitations/accept";

async fn accept(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsAccept",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            organization(scene).await;
            assert_eq!(invites(scene).await, 200);
            scene.people[INVITATION] = mailed(&scene.world, "sora@example.com").await;
            scene.token = verified(&scene.world, "sora@example.com").await.id_token;
        },
        async |scene| {
            let body = json!({"token": scene.people[INVITATION]});
            keyed(scene, ACCEPT, body).await == 200
        },
        async |scene| {
            consistent(&scene.world);
            // The token, of an invitation that is no more, is good for nothing.
            counted(scene, [("ORG#", 4), ("CALLER#", 4), ("EMAIL#", 0)])
        },
    )
    .await;
}

async fn change_role(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsChangeRole",
        two_meet: true,
    };
    flow.survives(
        two,
        async |scene| {
            let body = Some(json!({"role": "admin"}));
            scene.call(0, "PUT", &member(scene), body).await.0 == 200
        },
        async |scene| {
            consistent(&scene.world);
            let rows = items(&scene.world, "");
            let admins = rows
                .iter()
                .filter(|row| row["role"]["S"] == "admin")
                .count();
            // Two members, each with two rows of where they stand; one of them was invited as a member.
            match admins {
                6 => Ok(()),
                other => Err(format!("{other} rows")),
            }
        },
    )
    .await;
}

async fn remove(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsRemoveMember",
        two_meet: true,
    };
    flow.survives(
        two,
        async |scene| {
            let removed = scene.call(0, "DELETE", &member(scene), None).await;
            matches!(removed.0, 200 | 404)
        },
        async |scene| {
            consistent(&scene.world);
            counted(scene, [("CALLER#", 2), ("DISABLINGS", 0)])
        },
    )
    .await;
}

async fn delete_user(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsDeleteUser",
        two_meet: true,
    };
    flow.survives(
        two,
        async |scene| {
            let path = format!("/v1/service/users/{}", scene.people[OTHER]);
            matches!(scene.call(0, "DELETE", &path, None).await.0, 200 | 404)
        },
        async |scene| {
            consistent(&scene.world);
            counted(scene, [("CALLER#", 4), ("DISABLINGS", 1)])
        },
    )
    .await;
}

async fn close(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsCloseOrganization",
        two_meet: true,
    };
    flow.survives(
        organization,
        async |scene| {
            let path = format!("/v1/service/organizations/{}", scene.people[ORGANIZATION]);
            // Whoever asks again belongs nowhere.
            matches!(scene.call(0, "DELETE", &path, None).await.0, 200 | 403)
        },
        async |scene| {
            scene.world.stack.settle().await;
            counted(scene, [("ORG#", 0), ("CALLER#", 0), ("SECONDS#", 0)])
        },
    )
    .await;
}

async fn erase(name: &'static str) {
    let flow = Flow {
        name,
        function: "OrgsErase",
        two_meet: true,
    };
    flow.survives(
        two,
        async |scene| {
            let other = &scene.people[OTHER];
            let erased = scene.world.account_deleted("OrgsErase", other).await;
            erased.is_ok()
        },
        async |scene| {
            consistent(&scene.world);
            counted(scene, [("CALLER#", 4)])
        },
    )
    .await;
}

/// The first of them with an organisation of three seats.
async fn organization(scene: &mut Scene) {
    hana(scene).await;
}

async fn hana(scene: &mut Scene) -> Member {
    let hana = admin(&scene.world, "hana").await;
    scene.token.clone_from(&hana.firebase.id_token);
    scene.people[0].clone_from(&hana.id);
    scene.people[ORGANIZATION].clone_from(&hana.organization_id);
    let key = organization_key(hana.organization_id.parse().unwrap());
    let orgs = table(&scene.app("OrgsInvite")).unwrap();
    let exists = enishi_shared::store::when().exists("pk");
    let seats = Change::new().set("seats", 3).when(exists);
    orgs.update(key, seats).await.unwrap();
    hana
}

/// With a member.
async fn two(scene: &mut Scene) {
    let hana = hana(scene).await;
    let sora = invited(&scene.world, &hana, "sora", "member").await;
    scene.people[OTHER] = sora.id;
}

/// Where the member is.
fn member(scene: &Scene) -> String {
    format!("/v1/service/organization_members/{}", scene.people[OTHER])
}

async fn invites(scene: &Scene) -> u16 {
    let body = json!({
        "email": "sora@example.com", "role": "member",
        "organization_id": scene.people[ORGANIZATION],
    });
    keyed(scene, "/v1/service/invitations", body).await
}

/// A request with the scene's ID token and an idempotency key.
async fn keyed(scene: &Scene, path: &str, body: Value) -> u16 {
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", scene.token))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "the-same")
        .body(body.to_string().into())
        .unwrap();
    scene.world.send(request).await.status.as_u16()
}

/// That so many items have these beginnings.
fn counted<const N: usize>(scene: &Scene, expected: [(&str, usize); N]) -> Result<(), String> {
    for (pk, count) in expected {
        let found = items(&scene.world, pk).len();
        if found != count {
            return Err(format!("{found} of {pk}"));
        }
    }
    Ok(())
}
