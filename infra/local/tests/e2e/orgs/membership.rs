//! Who belongs to an organisation: one at a time, seats, and that there is an admin.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{Member, admin, delete, get, invited, items, post, put, world};
use crate::{
    identity::{
        mailed,
        market_sessions::{enter, verified},
    },
    support::{Answer, Person, World, text},
};

const MEMBERS: &str = "/v1/service/organization_members";

fn of(member: &Member) -> String {
    format!("{MEMBERS}/{}", member.id)
}

async fn give(world: &World, by: &Member, whom: &Member, role: &str) -> Answer {
    put(world, by, &of(whom), json!({"role": role})).await
}

/// The roles, as an admin sees them.
async fn roles(world: &World, by: &Member) -> Vec<String> {
    let answer = get(world, by, MEMBERS).await.expect(200);
    let members = answer.body["organization_members"]
        .as_array()
        .unwrap()
        .clone();
    let mut roles: Vec<String> = members.iter().map(|member| text(&member["role"])).collect();
    roles.sort();
    roles
}

/// The organisation, the members and where they stand say the same, and so do the holds of accounts.
#[track_caller]
pub fn consistent(world: &World) {
    let rows = world.items("OrgsTable");
    let of = |prefix: &str, kind: &str| -> Vec<&Value> {
        let is = |item: &&Value| {
            text(&item["pk"]["S"]).starts_with(prefix) && text(&item["sk"]["S"]).starts_with(kind)
        };
        rows.iter().filter(is).collect()
    };
    let mut held = Vec::new();
    for organization in of("ORG#", "ORG") {
        let id = &organization["organization_id"]["S"];
        let members = of("ORG#", "MEMBER#");
        let members: Vec<_> = members
            .iter()
            .filter(|it| it["organization_id"]["S"] == *id)
            .collect();
        assert_eq!(organization["members"]["N"], members.len().to_string());
        let admins = members.iter().filter(|it| it["role"]["S"] == "admin");
        let mut admins: Vec<String> = admins.map(|it| text(&it["user_id"]["S"])).collect();
        admins.sort();
        let said = organization["admins"]["L"].as_array().unwrap().iter();
        let said: Vec<String> = said.map(|it| text(&it["S"])).collect();
        assert_eq!(said, admins);
        assert!(!admins.is_empty(), "no admin");
        let standing = of("CALLER#", "CALLER");
        let standing = standing
            .iter()
            .filter(|it| it["organization_id"]["S"] == *id);
        let mut standing: Vec<_> = standing
            .map(|it| (text(&it["user_id"]["S"]), text(&it["role"]["S"])))
            .collect();
        standing.sort();
        let of_members = members
            .iter()
            .map(|it| (text(&it["user_id"]["S"]), text(&it["role"]["S"])));
        let mut twice: Vec<_> = of_members.flat_map(|it| [it.clone(), it]).collect();
        twice.sort();
        assert_eq!(standing, twice);
        if admins.len() == 1 && members.len() > 1 {
            held.push((admins[0].clone(), format!("organization {}", text(id))));
        }
    }
    let accounts = world.items("IdentityTable");
    let accounts = accounts.iter().filter(|item| item["sk"]["S"] == "ACCOUNT");
    let mut holds: Vec<_> = accounts
        .flat_map(|account| {
            let holds = account["holds"]["SS"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let id = text(&account["user_id"]["S"]);
            holds.into_iter().map(move |hold| (id.clone(), text(&hold)))
        })
        .collect();
    holds.sort();
    held.sort();
    assert_eq!(holds, held);
}

#[tokio::test]
async fn twenty_accepts_at_once_make_one_membership() {
    let world = world(5, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = verified(&world, "sora@example.com").await;
    let body = json!({
        "email": sora.email, "role": "member", "organization_id": hana.organization_id,
    });
    post(&world, &hana, "/v1/service/invitations", body)
        .await
        .expect(200);
    let token = mailed(&world, &sora.email).await;
    let accept = || {
        let body = Some(json!({"token": token}));
        world.call(
            "POST",
            "/v1/service/invitations/accept",
            Some(&sora.id_token),
            body,
        )
    };
    let answers = join_all((0..20).map(|_| accept())).await;
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(accepted, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        // They were faster themselves, or the invitation was used by then.
        assert!(
            [400, 409].contains(&answer.status.as_u16()),
            "{}",
            answer.text
        );
    }
    assert_eq!(roles(&world, &hana).await, ["admin", "member"]);
    consistent(&world);
}

#[tokio::test]
async fn of_many_who_are_invited_at_once_as_many_come_as_there_are_seats() {
    let world = world(4, 0).await;
    let hana = admin(&world, "hana").await;
    let invite = |email: String| {
        let body = json!({
            "email": email, "role": "member", "organization_id": hana.organization_id,
        });
        post(&world, &hana, "/v1/service/invitations", body)
    };
    let answers = join_all((0..8).map(|nth| invite(format!("p{nth}@example.com")))).await;
    let is_sent = |(_, answer): &(usize, Answer)| answer.status == 200;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.into_iter().enumerate().partition(is_sent);
    assert_eq!(sent.len(), 3);
    for (_, answer) in refused {
        answer.expect_error(409, "conflict", &[]);
    }
    consistent(&world);
    let come = sent.iter().map(async |(nth, _)| {
        let caller = verified(&world, &format!("p{nth}@example.com")).await;
        let body = Some(json!({"token": mailed(&world, &caller.email).await}));
        let path = "/v1/service/invitations/accept";
        let answer = world.call("POST", path, Some(&caller.id_token), body).await;
        answer.expect(200);
    });
    join_all(come).await;
    assert_eq!(roles(&world, &hana).await.len(), 4);
    invite("p8@example.com".into())
        .await
        .expect_error(409, "conflict", &[]);
    consistent(&world);
}

#[tokio::test]
async fn of_two_admins_who_demote_each_other_at_once_one_remains() {
    let world = world(2, 0).await;
    for nth in 0..8 {
        let hana = admin(&world, &format!("hana{nth}")).await;
        let sora = invited(&world, &hana, &format!("sora{nth}"), "admin").await;
        let (one, other) = join(
            give(&world, &hana, &sora, "member"),
            give(&world, &sora, &hana, "member"),
        )
        .await;
        let statuses = [one.status.as_u16(), other.status.as_u16()];
        assert!(statuses.contains(&200), "{statuses:?}");
        assert!(
            statuses.iter().any(|status| [403, 409].contains(status)),
            "{statuses:?}"
        );
        consistent(&world);
    }
}

#[tokio::test]
async fn the_last_admin_of_others_can_go_by_no_way() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let ours = enter(&world, &hana.firebase).await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let refused = async || {
        let organization = format!("/v1/service/organizations/{}", hana.organization_id);
        for path in [
            of(&hana),
            format!("/v1/service/users/{}", hana.id),
            organization,
        ] {
            delete(&world, &hana, &path)
                .await
                .expect_error(409, "conflict", &[]);
        }
        give(&world, &hana, &hana, "member")
            .await
            .expect_error(409, "conflict", &[]);
        let closing = close(&world, &ours)
            .await
            .expect_error(409, "conflict", &[]);
        let hold = format!("organization {}", hana.organization_id);
        assert!(closing.text.contains(&hold), "{}", closing.text);
        consistent(&world);
    };
    refused().await;
    // With another admin each may go; with that one gone they may not.
    give(&world, &hana, &sora, "admin").await.expect(200);
    consistent(&world);
    give(&world, &sora, &sora, "member").await.expect(200);
    refused().await;
    let ame = invited(&world, &hana, "ame", "admin").await;
    consistent(&world);
    delete(&world, &ame, &of(&ame)).await.expect(200);
    refused().await;
    // Alone they may close everything.
    delete(&world, &hana, &of(&sora)).await.expect(200);
    consistent(&world);
    delete(&world, &hana, &of(&hana))
        .await
        .expect_error(409, "conflict", &[]);
    close(&world, &ours).await.expect(204);
    world.stack.settle().await;
    assert!(items(&world, "ORG#").is_empty());
    world.nothing_given_up();
}

async fn close(world: &World, person: &Person) -> Answer {
    world
        .call("DELETE", "/api/users/me", Some(&person.access_token), None)
        .await
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    for _ in 0..2 {
        get(&world, &sora, MEMBERS)
            .await
            .expect_error(403, "forbidden", &[]);
        let answer = give(&world, &hana, &sora, "admin").await.expect(200);
        assert_eq!(answer.text, "");
        assert_eq!(roles(&world, &sora).await, ["admin", "admin"]);
        // The same once more changes nothing.
        give(&world, &hana, &sora, "admin").await.expect(200);
        put(&world, &hana, &of(&sora), json!({})).await.expect(200);
        give(&world, &hana, &sora, "member").await.expect(200);
    }
    let answer = give(&world, &hana, &sora, "owner").await;
    answer.expect_error(400, "invalid_parameter", &["role: invalid"]);
    consistent(&world);
}

#[tokio::test]
async fn who_was_removed_belongs_nowhere_from_the_next_request_on() {
    let world = world(3, 0).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let other = admin(&world, "other").await;
    let own = format!("/v1/service/users/{}", sora.id);
    get(&world, &sora, &own).await.expect(200);
    let answer = delete(&world, &hana, &of(&sora)).await.expect(200);
    assert_eq!(answer.text, "");
    get(&world, &sora, &own)
        .await
        .expect_error(403, "profile_missing", &[]);
    delete(&world, &hana, &of(&sora))
        .await
        .expect_error(404, "not_found", &[]);
    // They can come to another one, who they are.
    let body = json!({
        "email": sora.firebase.email, "role": "member", "organization_id": other.organization_id,
    });
    post(&world, &other, "/v1/service/invitations", body)
        .await
        .expect(200);
    let token = mailed(&world, &sora.firebase.email).await;
    let body = Some(json!({"token": token}));
    let path = "/v1/service/invitations/accept";
    let answer = world
        .call("POST", path, Some(&sora.firebase.id_token), body)
        .await;
    assert_eq!(answer.expect(200).body["user"]["id"], json!(sora.id));
    // And leave it themselves.
    delete(&world, &sora, &of(&sora)).await.expect(200);
    get(&world, &sora, &own)
        .await
        .expect_error(403, "profile_missing", &[]);
    consistent(&world);
}

#[tokio::test]
async fn one_who_is_wanted_in_two_places_at_once_comes_to_one() {
    let world = world(3, 0).await;
    for nth in 0..4 {
        let sora = verified(&world, &format!("sora{nth}@example.com")).await;
        let mut tokens = Vec::new();
        for name in ["one", "other"] {
            let by = admin(&world, &format!("{name}{nth}")).await;
            let body = json!({
                "email": sora.email, "role": "member", "organization_id": by.organization_id,
            });
            post(&world, &by, "/v1/service/invitations", body)
                .await
                .expect(200);
            tokens.push(mailed(&world, &sora.email).await);
        }
        let accept = |token: &String| {
            let body = Some(json!({"token": token}));
            world.call(
                "POST",
                "/v1/service/invitations/accept",
                Some(&sora.id_token),
                body,
            )
        };
        let (one, other) = join(accept(&tokens[0]), accept(&tokens[1])).await;
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        consistent(&world);
    }
}

/// Several people come, go and change roles in any order and at once: what is stored says the same of them.
#[tokio::test]
async fn whatever_happens_at_once_all_that_is_stored_says_the_same() {
    let world = world(6, 0).await;
    let hana = admin(&world, "hana").await;
    let mut people = vec![hana];
    for nth in 0..4 {
        let role = if nth % 2 == 0 { "admin" } else { "member" };
        let one = invited(&world, &people[0], &format!("p{nth}"), role).await;
        people.push(one);
    }
    let mut acts = Vec::new();
    for (nth, by) in people.iter().enumerate() {
        let whom = &people[(nth + 1) % people.len()];
        let role = if nth % 2 == 0 { "member" } else { "admin" };
        acts.push(give(&world, by, whom, role));
    }
    join_all(acts).await;
    consistent(&world);
    let gone = people.iter().zip(people.iter().skip(2));
    join_all(gone.map(|(by, whom)| async { delete(&world, by, &of(whom)).await })).await;
    consistent(&world);
}
