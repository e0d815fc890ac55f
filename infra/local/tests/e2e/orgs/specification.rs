//! Each example of the specification, run as it stands there (`specification.txt`), answers what it shows.

use std::{collections::BTreeSet, process::Command};

use enishi_local::firebase::PROJECT;
use serde_json::{Value, json};

use super::{World, firebase, text, world};
use crate::identity::mailed;

/// The host in the examples.
const HOST: &str = "https://api.deepmosaic.jp";
/// The user of the examples.
const UID: &str = "phEaSZEblSS5mncrzzGU4GCPxTL2";
/// The organisation of the examples.
const ORGANIZATION: &str = "20d1a7a0-052f-11ea-8660-d95622a8e37b";
const PASSWORD: &str = "secret at Firebase";

/// The examples, by their names.
struct Examples {
    url: String,
    all: Vec<(String, String)>,
    run: BTreeSet<String>,
}

impl Examples {
    fn of(world: &World) -> Self {
        let file = include_str!("specification.txt");
        let blocks = file.split("\n\n").filter_map(|block| {
            let (title, command) = block.split_once('\n')?;
            let name = title.strip_prefix("# ")?.split(',').next()?;
            command
                .starts_with("curl")
                .then(|| (name.to_owned(), command.to_owned()))
        });
        Self {
            url: world.stack.url(),
            all: blocks.collect(),
            run: BTreeSet::new(),
        }
    }

    /// Runs one with this token and this id; answers its body, null where there is none.
    async fn run(&mut self, name: &str, token: &str, id: &str) -> Value {
        let example = self.all.iter().find(|(other, _)| other == name);
        let (_, command) = example.unwrap_or_else(|| panic!("there is no {name}"));
        self.run.insert(name.to_owned());
        let command = command
            .replacen(
                "curl",
                "curl --silent --show-error --write-out '\\n%{http_code}'",
                1,
            )
            .replace(HOST, &self.url)
            .replace("<ACCESS_TOKEN>", token)
            .replace(":id", id)
            .replace(ORGANIZATION, id);
        let run = move || Command::new("bash").arg("-c").arg(command).output();
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        let output = output.expect("this test needs bash and curl");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {errors}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let (body, status) = printed.rsplit_once('\n').unwrap();
        assert_eq!(status, "200", "{name}: {body}");
        match body {
            "" => Value::Null,
            body => serde_json::from_str(body).unwrap(),
        }
    }
}

/// The fields of the specification's users object.
#[track_caller]
fn expect_user(user: &Value) {
    let fields: BTreeSet<&str> = user
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "id",
        "created_at",
        "uid",
        "email",
        "organization_id",
        "company_name",
        "postal_code",
        "role",
        "last_signin_at",
        "is_app_download",
        "is_signup",
        "video_length",
    ];
    assert_eq!(fields, BTreeSet::from(expected));
    for (field, is_right) in [
        ("created_at", user["created_at"] == "2026-11-20 11:00:00"),
        (
            "last_signin_at",
            user["last_signin_at"] == "2026-11-20 11:00:00",
        ),
        ("is_signup", user["is_signup"] == 1),
        ("is_app_download", user["is_app_download"].is_u64()),
        ("video_length", user["video_length"].is_u64()),
    ] {
        assert!(is_right, "{field} of {user}");
    }
}

#[track_caller]
fn expect_project(project: &Value) {
    let fields: BTreeSet<&str> = project
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "id",
        "created_at",
        "user_id",
        "organization_id",
        "name",
        "video_length",
        "status",
    ];
    assert_eq!(fields, BTreeSet::from(expected));
}

/// Whether nothing was answered beside the status.
fn is_nothing(answer: &Value) -> bool {
    answer.is_null() || *answer == json!({})
}

/// A token of the account with this address.
async fn log_in(world: &World, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    let answer = firebase(world, "accounts:signInWithPassword?key=any", body).await;
    answer.expect(200).text("idToken")
}

#[tokio::test]
async fn every_example_of_the_specification_answers_what_it_shows() {
    let world = world(3, 600).await;
    let mut examples = Examples::of(&world);
    let accounts = format!("projects/{PROJECT}/accounts");
    for (uid, email) in [(UID, "abc@abc.com"), ("deep", "deep@mosaic.com")] {
        let body = json!({
            "localId": uid, "email": email, "password": PASSWORD, "emailVerified": true,
        });
        firebase(&world, &accounts, body).await.expect(200);
    }

    let pong = examples.run("ping", "", "").await;
    assert_eq!(pong, json!({"ping": "pong"}));

    let token = log_in(&world, "abc@abc.com").await;
    let created = examples.run("create_user", &token, "").await;
    expect_user(&created["user"]);
    assert_eq!(created["user"]["uid"], UID);
    assert_eq!(created["user"]["role"], "admin");
    assert_eq!(created["user"]["company_name"], "いろは株式会社");
    assert_eq!(created["user"]["video_length"], 600);
    let id = text(&created["user"]["id"]);
    let organization_id = text(&created["user"]["organization_id"]);
    let listed = examples.run("list_users", &token, "").await;
    assert_eq!(listed, json!({"users": [created["user"]]}));
    let found = examples.run("get_user", &token, &id).await;
    assert_eq!(found, created);

    // The address is changed at Firebase first.
    let body = json!({"localId": UID, "email": "efg@efg.com", "emailVerified": true});
    firebase(&world, &format!("{accounts}:update"), body)
        .await
        .expect(200);
    let token = log_in(&world, "efg@efg.com").await;
    let edited = examples.run("edit_user", &token, &id).await;
    expect_user(&edited["user"]);
    assert_eq!(edited["user"]["email"], "efg@efg.com");
    assert_eq!(edited["user"]["is_app_download"], 1);

    let invited = examples
        .run("create_invitation", &token, &organization_id)
        .await;
    assert!(is_nothing(&invited), "{invited}");
    let letter = json!({"token": mailed(&world, "deep@mosaic.com").await});
    let deep = log_in(&world, "deep@mosaic.com").await;
    let path = "/v1/service/invitations/accept";
    let accepted = world.call("POST", path, Some(&deep), Some(letter)).await;
    let accepted = accepted.expect(200).body;
    expect_user(&accepted["user"]);
    assert_eq!(accepted["user"]["role"], "member");
    let member_id = text(&accepted["user"]["id"]);
    let changed = examples
        .run("edit_organization", &token, &organization_id)
        .await;
    assert!(is_nothing(&changed), "{changed}");
    let promoted = examples
        .run("edit_organization_member", &token, &member_id)
        .await;
    assert!(is_nothing(&promoted), "{promoted}");
    let found = examples.run("get_user", &deep, &member_id).await;
    assert_eq!(found["user"]["role"], "admin");

    let made = examples.run("create_project", &token, "").await;
    expect_project(&made["project"]);
    let project_id = text(&made["project"]["id"]);
    let listed = examples.run("list_projects", &token, "").await;
    assert_eq!(listed, json!({"projects": [made["project"]]}));
    assert_eq!(examples.run("get_project", &token, &project_id).await, made);
    let edited = examples.run("edit_project", &token, &project_id).await;
    expect_project(&edited["project"]);
    assert_eq!(edited["project"]["status"], "exported");
    let exported = examples.run("create_export", &token, &project_id).await;
    assert_eq!(exported, edited);
    let deleted = examples.run("delete_project", &token, &project_id).await;
    assert_eq!(deleted, json!({"project": {}}));

    let removed = examples
        .run("delete_organization_member", &token, &member_id)
        .await;
    assert!(is_nothing(&removed), "{removed}");

    examples.run("create_license", &token, "").await;
    let open = world.stack.stripe().open_sessions();
    world.stack.stripe().pay(&open[0]).unwrap();
    world.stack.settle().await;
    let path = "/v1/service/licenses";
    let bought = world.call("GET", path, Some(&token), None).await;
    let license_id = text(&bought.expect(200).body["licenses"][0]["id"]);
    let edited = examples.run("edit_license", &token, &license_id).await;
    assert_eq!(
        edited["license"]["cancel_applied_at"],
        "2020-04-01 14:12:34"
    );
    let listed = examples.run("list_payments", &token, "").await;
    assert_eq!(listed["payments"][0]["created_at"], "2026-11-20 11:00:00");
    assert_eq!(listed["payments"][0]["amount"], 1_000);

    let deleted = examples.run("delete_user", &token, &id).await;
    assert_eq!(deleted, json!({"user": {}}));
    world
        .call("GET", "/v1/service/users", Some(&token), None)
        .await
        .expect_error(401, "access_token_invalid", &[]);

    let all: BTreeSet<String> = examples.all.into_iter().map(|(name, _)| name).collect();
    assert_eq!(examples.run, all, "what was run");
}
