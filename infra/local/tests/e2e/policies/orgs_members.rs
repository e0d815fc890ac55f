//! Every request that orgs' functions can make for users, invitations and members.

use serde_json::{Value, json};

use crate::{
    identity::{
        later, mailed,
        market_sessions::{enter, verified},
    },
    orgs::{Member, admin, call, invited, keyed, logged_in, newcomer},
    support::{Answer, World, text},
};

/// The story: whoever calls has logged in a moment ago, which each function notes.
pub async fn story(world: &World) {
    let mut hana = admin(world, "chief").await;
    let own = format!("/v1/service/users/{}", hana.id);
    let organization = format!("/v1/service/organizations/{}", hana.organization_id);
    for path in ["/v1/service/users", &own, &organization] {
        hana = fresh(world, hana, "GET", path, None).await.0;
    }
    let body = json!({"is_app_download": 1});
    hana = fresh(world, hana, "PUT", &own, Some(body)).await.0;
    let body = json!({"company_name": "縁", "postal_code": "1234567", "address": "東京都"});
    hana = fresh(world, hana, "PUT", &organization, Some(body)).await.0;

    // Twice, for the newer one replaces the older.
    let open = "/v1/service/invitations";
    for _ in 0..2 {
        let body = invitation(&hana, "invited@example.com");
        hana = fresh(world, hana, "POST", open, Some(body)).await.0;
    }
    let (mut hana, found) = fresh(world, hana, "GET", open, None).await;
    let path = format!("{open}/{}", text(&found.body["invitations"][0]["id"]));
    hana = fresh(world, hana, "DELETE", &path, None).await.0;

    // One who is new here, and one who has an account.
    let mut members = Vec::new();
    for name in ["first", "second"] {
        let caller = verified(world, &format!("{name}@example.com")).await;
        if name == "second" {
            enter(world, &caller).await;
        }
        let body = invitation(&hana, &caller.email);
        call(world, &hana, "POST", open, Some(body))
            .await
            .expect(200);
        let token = mailed(world, &caller.email).await;
        let nobody = String::new();
        let mut member = Member {
            id: nobody,
            organization_id: hana.organization_id.clone(),
            firebase: caller,
        };
        let path = "/v1/service/invitations/accept";
        let came = keyed(world, &member, path, name, json!({"token": token})).await;
        member.id = text(&came.expect(200).body["user"]["id"]);
        members.push(member);
    }
    let path = "/v1/service/organization_members";
    hana = fresh(world, hana, "GET", path, None).await.0;
    let member = |id: &str| format!("{path}/{id}");
    let body = json!({"role": "admin"});
    hana = fresh(world, hana, "PUT", &member(&members[0].id), Some(body))
        .await
        .0;
    hana = fresh(world, hana, "DELETE", &member(&members[1].id), None)
        .await
        .0;

    // They come back by their address.
    let body = invitation(&hana, &members[1].firebase.email);
    call(world, &hana, "POST", open, Some(body))
        .await
        .expect(200);
    let body = newcomer(&members[1].firebase, "member");
    keyed(world, &members[1], "/v1/service/users", "back", body)
        .await
        .expect(200);
    let path = format!("/v1/service/users/{}", members[1].id);
    hana = fresh(world, hana, "DELETE", &path, None).await.0;
    let path = format!("/v1/service/users/{}", members[0].id);
    hana = fresh(world, hana, "DELETE", &path, None).await.0;
    fresh(world, hana, "DELETE", &organization, None).await;
    world.stack.settle().await;

    // The last admin of others is no more.
    let haru = admin(world, "third").await;
    invited(world, &haru, "fourth", "member").await;
    world.account_deleted("OrgsErase", &haru.id).await.unwrap();
}

fn invitation(by: &Member, email: &str) -> Value {
    json!({"email": email, "role": "member", "organization_id": by.organization_id})
}

/// A request of somebody who has logged in a moment ago.
async fn fresh(
    world: &World,
    member: Member,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (Member, Answer) {
    later(world, 1);
    let member = logged_in(world, member).await;
    let answer = call(world, &member, method, path, body).await.expect(200);
    (member, answer)
}
