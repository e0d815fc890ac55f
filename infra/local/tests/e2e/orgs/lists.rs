//! Lists: whole up to a hundred, in pages beyond, and never of anything but one's own organisation.

use http::header;
use serde_json::{Value, json};

use super::{Member, World, admin, get, invited, post, project, text, world};
use crate::support::Answer;

const SCOPE: &str = "/v1/service/projects?scope=organization";

/// Where the next page is.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.headers.get(header::LINK)?.to_str().unwrap();
    let link = link.strip_prefix('<').unwrap();
    Some(link.strip_suffix(">; rel=\"next\"").unwrap().to_owned())
}

/// All pages of a list, and what they hold.
async fn walk(world: &World, member: &Member, path: &str, list: &str) -> (usize, Vec<Value>) {
    let (mut pages, mut all) = (0, Vec::new());
    let mut path = Some(path.to_owned());
    while let Some(this) = path {
        let answer = get(world, member, &this).await.expect(200);
        let inside = list.split('.').fold(&answer.body, |body, name| &body[name]);
        all.extend(inside.as_array().unwrap().iter().cloned());
        pages += 1;
        path = next(&answer);
    }
    (pages, all)
}

/// Invites somebody who does not come.
async fn invite(world: &World, by: &Member, name: &str) {
    let body = json!({
        "email": format!("{name}@example.com"), "role": "member",
        "organization_id": by.organization_id,
    });
    let answer = post(world, by, "/v1/service/invitations", body).await;
    answer.expect(200);
}

#[tokio::test]
async fn projects_come_the_newest_first_and_page_by_page() {
    let world = world(2, 600).await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let mut made = Vec::new();
    for nth in 0..7 {
        let by = if nth % 3 == 2 { &sora } else { &hana };
        made.push(project(&world, by, &format!("{nth}"), 1).await);
        crate::identity::later(&world, 1);
    }
    made.reverse();
    let ids = |all: Vec<Value>| -> Vec<String> { all.iter().map(|it| text(&it["id"])).collect() };
    let (pages, all) = walk(&world, &hana, SCOPE, "projects").await;
    assert_eq!((pages, ids(all)), (1, made.clone()));
    let path = format!("{SCOPE}&limit=3");
    let (pages, all) = walk(&world, &hana, &path, "projects").await;
    assert_eq!((pages, ids(all)), (3, made.clone()));
    let own = vec![made[1].clone(), made[4].clone()];
    let (pages, all) = walk(&world, &sora, "/v1/service/projects", "projects").await;
    assert_eq!((pages, ids(all)), (1, own));
}

#[tokio::test]
async fn a_cursor_of_another_list_or_of_another_organisation_is_refused() {
    let world = world(4, 600).await;
    let hana = admin(&world, "hana").await;
    let other = admin(&world, "other").await;
    let sora = invited(&world, &hana, "sora", "admin").await;
    for member in [&hana, &other, &sora] {
        for nth in 0..2 {
            project(&world, member, &format!("{nth}"), 1).await;
        }
    }
    for name in ["ame", "yuki"] {
        invite(&world, &hana, name).await;
    }
    let own = "/v1/service/projects?limit=1";
    let all = format!("{SCOPE}&limit=1");
    let usage = "/v1/service/usage?limit=1";
    let mut lists = vec![own, &all, usage];
    lists.extend([
        "/v1/service/users?limit=1",
        "/v1/service/organization_members?limit=1",
        "/v1/service/invitations?limit=1",
    ]);
    let mut cursors = Vec::new();
    for list in &lists {
        let answer = get(&world, &hana, list).await.expect(200);
        let link = next(&answer).unwrap_or_else(|| panic!("{list} ends"));
        let cursor = link.split("cursor=").nth(1).unwrap().to_owned();
        cursors.push((list, cursor));
    }
    for (of, cursor) in &cursors {
        for list in &lists {
            let path = format!("{list}&cursor={cursor}");
            // Users and members are two views of one list.
            let is_same = |it: &str| it.contains("/users") || it.contains("members");
            let is_good = of == &list || (is_same(of) && is_same(list));
            match is_good {
                true => drop(get(&world, &hana, &path).await.expect(200)),
                false => {
                    let refused = get(&world, &hana, &path).await;
                    refused.expect_error(400, "invalid_parameter", &["cursor: invalid"]);
                }
            }
            let refused = get(&world, &other, &path).await;
            refused.expect_error(400, "invalid_parameter", &["cursor: invalid"]);
        }
    }
    // One's own projects are one's own, of the same organisation too.
    let path = format!("{own}&cursor={}", cursors[0].1);
    let refused = get(&world, &sora, &path).await;
    refused.expect_error(400, "invalid_parameter", &["cursor: invalid"]);
}

#[tokio::test]
async fn what_two_organisations_have_is_never_in_one_list() {
    let world = world(3, 600).await;
    let mut both = Vec::new();
    for name in ["hana", "other"] {
        let admin = admin(&world, name).await;
        let member = invited(&world, &admin, &format!("{name}-2"), "member").await;
        for of in [&admin, &member] {
            project(&world, of, &of.id, 1).await;
        }
        invite(&world, &admin, &format!("{}-3", admin.id)).await;
        both.push((admin, member));
    }
    for (admin, member) in &both {
        for (path, list, field) in [
            (SCOPE, "projects", "user_id"),
            ("/v1/service/usage", "usage.members", "id"),
            ("/v1/service/users", "users", "id"),
            (
                "/v1/service/organization_members",
                "organization_members",
                "id",
            ),
        ] {
            let (_, all) = walk(&world, admin, path, list).await;
            let mut ids: Vec<String> = all.iter().map(|one| text(&one[field])).collect();
            ids.sort();
            let mut own = vec![admin.id.clone(), member.id.clone()];
            own.sort();
            assert_eq!(json!(ids), json!(own), "{path}");
        }
        let path = "/v1/service/invitations";
        let (_, all) = walk(&world, admin, path, "invitations").await;
        let emails: Vec<String> = all.iter().map(|one| text(&one["email"])).collect();
        assert_eq!(emails, [format!("{}-3@example.com", admin.id)]);
    }
}
