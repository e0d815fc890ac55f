//! What orgs' endpoints take for users, invitations and members.

use serde_json::json;

use super::{Measured, count};
use crate::{
    identity::{
        later, mailed,
        market_sessions::{enter, verified},
    },
    orgs::{Member, admin, delete, get, invited, keyed, logged_in, newcomer, post, put},
    support::{World, text},
};

/// Calls each endpoint in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let hana = admin(world, "hana").await;
    assert_eq!(measured.count(world, "orgs-create-user"), 4);
    let own = format!("/v1/service/users/{}", hana.id);
    get(world, &hana, &own).await.expect(200);
    measured.count(world, "orgs-find-user");
    // The first token of another log-in is noted.
    later(world, 60);
    let hana = logged_in(world, hana).await;
    count(world, "");
    get(world, &hana, &own).await.expect(200);
    assert_eq!(count(world, "orgs-find-user"), 4);
    put(world, &hana, &own, json!({"is_app_download": 1}))
        .await
        .expect(200);
    measured.count(world, "orgs-update-user");
    let organization = format!("/v1/service/organizations/{}", hana.organization_id);
    get(world, &hana, &organization).await.expect(200);
    measured.count(world, "orgs-find-organization");
    let body = json!({"company_name": "縁", "postal_code": "1234567", "address": "東京都"});
    put(world, &hana, &organization, body).await.expect(200);
    measured.count(world, "orgs-update-organization");

    // Who comes has an account here.
    let sora = verified(world, "sora@example.com").await;
    enter(world, &sora).await;
    count(world, "");
    let body = json!({
        "email": sora.email, "role": "member", "organization_id": hana.organization_id,
    });
    post(world, &hana, "/v1/service/invitations", body)
        .await
        .expect(200);
    measured.count(world, "orgs-invite");
    let token = mailed(world, &sora.email).await;
    measured.count(world, "orgs-mail");
    get(world, &hana, "/v1/service/invitations")
        .await
        .expect(200);
    measured.count(world, "orgs-invitations");
    let body = Some(json!({"token": token}));
    let path = "/v1/service/invitations/accept";
    let came = world.call("POST", path, Some(&sora.id_token), body).await;
    let id = text(&came.expect(200).body["user"]["id"]);
    measured.count(world, "orgs-accept");
    let sora = Member {
        id,
        organization_id: hana.organization_id.clone(),
        firebase: sora,
    };

    for (by, requests) in [(&sora, 3), (&hana, 4)] {
        count(world, "");
        get(world, by, "/v1/service/users").await.expect(200);
        assert_eq!(measured.count(world, "orgs-users"), requests);
    }
    get(world, &hana, "/v1/service/organization_members")
        .await
        .expect(200);
    measured.count(world, "orgs-members");
    let member = format!("/v1/service/organization_members/{}", sora.id);
    put(world, &hana, &member, json!({"role": "admin"}))
        .await
        .expect(200);
    measured.count(world, "orgs-change-role");
    delete(world, &hana, &member).await.expect(200);
    measured.count(world, "orgs-remove-member");

    // By the address, somebody with an account; and once more with the same key.
    let body = json!({
        "email": sora.firebase.email, "role": "member", "organization_id": hana.organization_id,
    });
    post(world, &hana, "/v1/service/invitations", body)
        .await
        .expect(200);
    for requests in [7, 5] {
        count(world, "");
        let body = newcomer(&sora.firebase, "member");
        keyed(world, &sora, "/v1/service/users", "one", body)
            .await
            .expect(200);
        assert_eq!(measured.count(world, "orgs-create-user"), requests);
    }
    count(world, "");
    delete(world, &hana, &format!("/v1/service/users/{}", sora.id))
        .await
        .expect(200);
    measured.count(world, "orgs-delete-user");

    let body = json!({
        "email": "new@example.com", "role": "member", "organization_id": hana.organization_id,
    });
    post(world, &hana, "/v1/service/invitations", body)
        .await
        .expect(200);
    world.stack.settle().await;
    let open = get(world, &hana, "/v1/service/invitations")
        .await
        .expect(200);
    let path = format!(
        "/v1/service/invitations/{}",
        text(&open.body["invitations"][0]["id"])
    );
    count(world, "");
    delete(world, &hana, &path).await.expect(200);
    measured.count(world, "orgs-withdraw-invitation");

    let ame = invited(world, &hana, "ame", "admin").await;
    let yuki = invited(world, &hana, "yuki", "member").await;
    world.stack.settle().await;
    // Both admins are gone: somebody else becomes one.
    for (whom, requests) in [(&yuki, 3), (&ame, 3), (&hana, 3)] {
        count(world, "");
        world.account_deleted("OrgsErase", &whom.id).await.unwrap();
        assert_eq!(count(world, "orgs-erase"), requests);
    }
    let [hana, sora] = ["haru", "natsu"].map(|name| admin(world, name));
    let (haru, natsu) = (hana.await, sora.await);
    let other = invited(world, &haru, "aki", "member").await;
    world.stack.settle().await;
    count(world, "");
    world.account_deleted("OrgsErase", &haru.id).await.unwrap();
    measured.count(world, "orgs-erase");
    get(world, &other, "/v1/service/organization_members")
        .await
        .expect(200);
    count(world, "");
    let path = format!("/v1/service/organizations/{}", natsu.organization_id);
    let body = json!({
        "email": "fuyu@example.com", "role": "member", "organization_id": natsu.organization_id,
    });
    post(world, &natsu, "/v1/service/invitations", body)
        .await
        .expect(200);
    mailed(world, "fuyu@example.com").await;
    count(world, "");
    delete(world, &natsu, &path).await.expect(200);
    measured.count(world, "orgs-close-organization");
    world.stack.settle().await;
    measured.within(world, "orgs-close", 6 + 1, 1);
}
