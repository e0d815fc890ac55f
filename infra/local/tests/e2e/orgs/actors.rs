//! Every operation of orgs with everybody who may not do it: each is refused, with what the house says, and
//! nothing has changed.

use std::collections::BTreeMap;

use enishi_local::{openapi, places::operations};
use serde_json::{Value, json};

use super::{Member, admin, delete, get, invited, newcomer, post, project, put, world};
use crate::{
    consistency::examples::example,
    identity::{
        later,
        market_sessions::{enter, forged, verified},
    },
    support::{World, text},
};

/// Whom an operation is for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum For {
    /// Anybody.
    Everybody,
    /// Who comes from Firebase and belongs nowhere.
    Newcomers,
    /// Every member, each for themselves.
    Members,
    /// Oneself, and admins for their members.
    OwnerAndAdmins,
    /// Who made it, and admins; to others it is not there.
    MakerAndAdmins,
    /// Admins.
    Admins,
}

const OPERATIONS: &[(&str, &str, For)] = &[
    ("GET", "/v1/service/connection/ping", For::Everybody),
    ("POST", "/v1/service/users", For::Newcomers),
    ("GET", "/v1/service/users", For::Members),
    ("GET", "/v1/service/users/{user_id}", For::OwnerAndAdmins),
    ("PUT", "/v1/service/users/{user_id}", For::OwnerAndAdmins),
    ("DELETE", "/v1/service/users/{user_id}", For::OwnerAndAdmins),
    ("POST", "/v1/service/invitations", For::Admins),
    ("GET", "/v1/service/invitations", For::Admins),
    (
        "DELETE",
        "/v1/service/invitations/{invitation_id}",
        For::Admins,
    ),
    ("POST", "/v1/service/invitations/accept", For::Newcomers),
    (
        "GET",
        "/v1/service/organizations/{organization_id}",
        For::Admins,
    ),
    (
        "PUT",
        "/v1/service/organizations/{organization_id}",
        For::Admins,
    ),
    (
        "DELETE",
        "/v1/service/organizations/{organization_id}",
        For::Admins,
    ),
    ("GET", "/v1/service/organization_members", For::Admins),
    (
        "PUT",
        "/v1/service/organization_members/{user_id}",
        For::Admins,
    ),
    (
        "DELETE",
        "/v1/service/organization_members/{user_id}",
        For::OwnerAndAdmins,
    ),
    ("POST", "/v1/service/projects", For::Members),
    ("GET", "/v1/service/projects", For::Members),
    (
        "GET",
        "/v1/service/projects/{project_id}",
        For::MakerAndAdmins,
    ),
    (
        "PUT",
        "/v1/service/projects/{project_id}",
        For::MakerAndAdmins,
    ),
    (
        "DELETE",
        "/v1/service/projects/{project_id}",
        For::MakerAndAdmins,
    ),
    ("POST", "/v1/service/exports", For::MakerAndAdmins),
    ("GET", "/v1/service/usage", For::Members),
    ("GET", "/v1/service/licenses", For::Admins),
    ("POST", "/v1/service/licenses", For::Admins),
    ("PUT", "/v1/service/licenses/{license_id}", For::Admins),
    ("POST", "/v1/service/licenses/{license_id}", For::Admins),
    ("POST", "/v1/service/portal", For::Admins),
    ("GET", "/v1/service/payments", For::Admins),
];

/// An operation, ready to be called: on what is hana's, or her organisation's.
struct Call {
    method: String,
    path: String,
    body: Option<Value>,
    whose: For,
}

/// All operations of the document.
fn calls(hana: &Member, invitation: &str, project: &str) -> Vec<Call> {
    let document: Value = serde_json::from_str(&openapi::document().unwrap()).unwrap();
    let fixtures = BTreeMap::from([
        ("{user_id}", hana.id.as_str()),
        ("{organization_id}", &hana.organization_id),
        ("{invitation_id}", invitation),
        ("{project_id}", project),
        // There is none, but that is not theirs to know.
        ("{license_id}", "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4fff"),
    ]);
    let mut calls = Vec::new();
    for ((path, method), described) in operations(&document) {
        if !path.starts_with("/v1/service/") {
            continue;
        }
        let known = OPERATIONS
            .iter()
            .find(|(m, p, _)| *m == method && *p == path);
        let (.., whose) = *known.unwrap_or_else(|| panic!("whom is {method} {path} for?"));
        let path = fixtures
            .iter()
            .fold(path, |path, (name, id)| path.replace(name, id));
        let body = match (method.as_str(), path.as_str()) {
            ("POST", "/v1/service/users") => Some(newcomer(&hana.firebase, "member")),
            ("POST", "/v1/service/exports") => {
                Some(json!({"project_id": project, "is_timerecord": 1}))
            }
            ("POST", "/v1/service/invitations") => Some(json!({
                "email": "new@example.com", "role": "member",
                "organization_id": hana.organization_id,
            })),
            ("PUT", path) if path.contains("/users/") => Some(json!({"is_app_download": 1})),
            _ => example(&described),
        };
        calls.push(Call {
            method,
            path,
            body,
            whose,
        });
    }
    assert_eq!(calls.len(), OPERATIONS.len());
    calls
}

/// What the answer is to be: a status, its code, its fields.
type Refusal = (u16, &'static str, &'static [&'static str]);

const INVALID: Refusal = (401, "access_token_invalid", &[]);
const FORBIDDEN: Refusal = (403, "forbidden", &[]);
const NO_PROFILE: Refusal = (403, "profile_missing", &[]);
const NOT_FOUND: Refusal = (404, "not_found", &[]);

struct Scene {
    world: World,
    calls: Vec<Call>,
}

impl Scene {
    /// Calls all operations that `refusal` says something of, and sees that nothing was done.
    async fn refuses(
        &self,
        who: &str,
        token: Option<&str>,
        refusal: impl Fn(&Call) -> Option<Refusal>,
    ) {
        let before = self.world.items("OrgsTable");
        let mut refused = 0;
        for call in &self.calls {
            let Some((status, code, fields)) = refusal(call) else {
                continue;
            };
            let Call {
                method, path, body, ..
            } = call;
            let answer = self.world.call(method, path, token, body.clone()).await;
            assert_eq!(
                answer.status, status,
                "{who}: {method} {path}: {}",
                answer.text
            );
            answer.expect_error(status, code, fields);
            refused += 1;
        }
        assert!(refused > 5, "{who}: {refused}");
        assert_eq!(self.world.items("OrgsTable"), before, "{who}");
    }
}

#[tokio::test]
async fn every_operation_refuses_whom_it_is_not_for_and_does_nothing() {
    let world = world(8, 600).await;
    let hana = admin(&world, "hana").await;
    let other = admin(&world, "other").await;
    let [member, demoted, removed, deleted] = ["member", "demoted", "removed", "deleted"]
        .map(|name| invited(&world, &hana, name, "admin"));
    let (member, demoted) = (member.await, demoted.await);
    let (removed, deleted) = (removed.await, deleted.await);
    let member_path = |whom: &Member| format!("/v1/service/organization_members/{}", whom.id);
    let role = json!({"role": "member"});
    put(&world, &hana, &member_path(&member), role.clone())
        .await
        .expect(200);
    let project = project(&world, &hana, "my_video.mp4", 60).await;
    let body = json!({
        "email": "open@example.com", "role": "member", "organization_id": hana.organization_id,
    });
    post(&world, &hana, "/v1/service/invitations", body)
        .await
        .expect(200);
    let path = "/v1/service/invitations";
    let open = get(&world, &hana, path).await.expect(200);
    let invitation = text(&open.body["invitations"][0]["id"]);

    // Our own tokens are as good, but to come with.
    let ours_of = async |member: &Member| enter(&world, &member.firebase).await.access_token;
    let ours = ours_of(&deleted).await;
    let ours_of_member = ours_of(&member).await;
    let ours_of_demoted = ours_of(&demoted).await;
    let ours_of_removed = ours_of(&removed).await;
    let ours_of_other = ours_of(&other).await;
    let closed = enter(&world, &verified(&world, "closed@example.com").await).await;
    let token = Some(closed.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    let mut expired = hana.firebase.id_token.clone();
    let stranger = verified(&world, "stranger@example.com").await;
    let rooms = world.sign_up("rooms").await;
    world.stack.settle().await;
    let now = world.stack.clock().now();

    // A second ago.
    put(&world, &hana, &member_path(&demoted), role)
        .await
        .expect(200);
    delete(&world, &hana, &member_path(&removed))
        .await
        .expect(200);
    delete(&world, &hana, &format!("/v1/service/users/{}", deleted.id))
        .await
        .expect(200);
    world.stack.settle().await;
    let calls = calls(&hana, &invitation, &project);
    let scene = Scene { world, calls };
    let known = |call: &Call| call.whose != For::Everybody;
    let invalid = |call: &Call| known(call).then_some(INVALID);

    scene.refuses("nobody", None, invalid).await;
    let of_another_project = forged(
        &scene.world,
        &hana.firebase.uid,
        &json!({"aud": "other", "iss": "https://securetoken.google.com/other"}),
    );
    let of_an_other_issuer = format!("{}x", rooms.access_token);
    for token in [&of_another_project, &of_an_other_issuer, "e30.e30.e30"] {
        scene.refuses("a foreign token", Some(token), invalid).await;
    }
    for token in [&deleted.firebase.id_token, &ours, &closed.access_token] {
        scene
            .refuses("somebody who was deleted", Some(token), invalid)
            .await;
    }

    let nowhere = |call: &Call| match call.whose {
        For::Everybody => None,
        // By another's uid and address, and with a token of no invitation.
        For::Newcomers if call.path.ends_with("accept") => {
            Some((400, "invalid_parameter", &["token: invalid"][..]))
        }
        For::Newcomers => Some((
            400,
            "invalid_parameter",
            &["uid: invalid", "email: invalid"][..],
        )),
        _ => Some(NO_PROFILE),
    };
    for token in [&removed.firebase.id_token, &stranger.id_token] {
        scene
            .refuses("somebody of no organisation", Some(token), nowhere)
            .await;
    }
    for (who, token) in [
        ("somebody of another product", &rooms.access_token),
        ("who was removed, with our token", &ours_of_removed),
    ] {
        scene
            .refuses(who, Some(token), |call| match call.whose {
                For::Newcomers => Some(INVALID),
                _ => nowhere(call),
            })
            .await;
    }

    let belongs: Refusal = (409, "conflict", &["uid: already_exists"]);
    let colleague = |call: &Call| match call.whose {
        For::Everybody | For::Members => None,
        For::Newcomers => call.path.ends_with("accept").then_some(belongs),
        For::MakerAndAdmins if call.path.ends_with("exports") => {
            Some((400, "invalid_parameter", &["project_id: missing"][..]))
        }
        For::MakerAndAdmins => Some(NOT_FOUND),
        For::OwnerAndAdmins | For::Admins => Some(FORBIDDEN),
    };
    for (who, token) in [("a member", &member), ("who was demoted", &demoted)] {
        scene
            .refuses(who, Some(&token.firebase.id_token), colleague)
            .await;
    }
    for (who, token) in [
        ("a member, with our token", &ours_of_member),
        ("who was demoted, with our token", &ours_of_demoted),
    ] {
        scene
            .refuses(who, Some(token), |call| match call.whose {
                For::Newcomers => Some(INVALID),
                _ => colleague(call),
            })
            .await;
    }
    let of_another = |call: &Call| match call.whose {
        For::OwnerAndAdmins | For::MakerAndAdmins | For::Admins if call.path.contains('-') => {
            Some(NOT_FOUND)
        }
        For::MakerAndAdmins => Some((400, "invalid_parameter", &["project_id: missing"][..])),
        For::Admins if call.path.ends_with("invitations") && call.method == "POST" => {
            Some((400, "invalid_parameter", &["organization_id: missing"][..]))
        }
        _ => None,
    };
    for token in [&other.firebase.id_token, &ours_of_other] {
        scene
            .refuses("an admin of another one", Some(token), of_another)
            .await;
    }

    later(&scene.world, 3600);
    assert!(scene.world.stack.clock().now() > now);
    let old = |call: &Call| known(call).then_some((401, "access_token_expired", &[][..]));
    scene
        .refuses("hana, an hour later", Some(&expired), old)
        .await;
    expired.push('x');
    scene
        .refuses("hana, with another signature", Some(&expired), invalid)
        .await;
}
