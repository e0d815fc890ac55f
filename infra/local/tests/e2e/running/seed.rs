//! A seed: what lies in a stack after it, for whoever opens a page.

use enishi_local::seed::{self, PASSWORD};

use super::*;

const OPTIONS: seed::Options = seed::Options {
    port: 0,
    aws_port: 0,
    web_port: 0,
    console_port: 0,
    number: 7,
    people: 8,
};

/// How many there are in the list at `path`, or below `field` of what is there.
async fn count(world: &World, token: Option<&str>, path: &str, field: Option<&str>) -> usize {
    let answer = world.call("GET", path, token, None).await.expect(200);
    let list = field.map_or(&answer.body, |field| &answer.body[field]);
    let list = list.as_array();
    list.unwrap_or_else(|| panic!("{path}: {}", answer.text))
        .len()
}

/// How many items each product's table has.
fn items(world: &World) -> Vec<usize> {
    let tables = [
        "RoomsTable",
        "SajuTable",
        "VisitsTable",
        "MarketTable",
        "OrgsTable",
        "PaymentsTable",
    ];
    tables.map(|table| world.items(table).len()).to_vec()
}

/// The slots of which rooms were drawn, the last first.
async fn drawn(world: &World) -> Vec<String> {
    let stack = Client::new(world.stack.aws_url());
    let mornings = stack
        .expect("GET", "/_enishi/mornings", None, None)
        .await
        .unwrap();
    let mornings = mornings.as_array().unwrap().iter();
    let met = mornings.filter(|one| one["rooms"].as_u64() > Some(0));
    met.map(|one| text(&one["slot"])).collect()
}

#[tokio::test]
async fn a_seed_fills_every_page_and_only_once() {
    let world = World::with(|options| {
        // As the program has them: people come from addresses of their own.
        for rate in [
            "RegisterRate",
            "LoginAddressRate",
            "MessageRate",
            "VisitRequestRate",
        ] {
            options.parameters.remove(rate);
        }
    })
    .await;
    let operator = world.operator().await;
    let before = world.stack.clock().now();
    let port = |url: String| url.rsplit(':').next().unwrap().parse().unwrap();
    let options = seed::Options {
        port: port(world.stack.url()),
        aws_port: world.stack.aws_port(),
        ..OPTIONS
    };
    seed::run(options).await.unwrap();
    world.nothing_given_up();
    // It is later by as long as the seed took.
    let after = world.stack.clock().now();
    assert!(
        after.duration_since(before).abs().as_secs() < 600,
        "{before} {after}"
    );

    let [guide, member, employee, maker, admin] = seed::accounts(&options).map(|(_, email)| email);
    let mut tokens = Vec::new();
    for email in [&guide, &member, &employee, &maker] {
        let login = json!({"email": email, "password": PASSWORD});
        let answer = world.call("POST", "/login", None, Some(login)).await;
        tokens.push(answer.expect(200).text("access_token"));
    }
    tokens.push(operator.access_token);
    let firebase = Client::of_firebase(&world.stack.aws_url());
    let admin = firebase.log_in_at_firebase(&admin, PASSWORD).await.unwrap();
    tokens.push(admin["idToken"].as_str().unwrap().to_owned());
    let lists: [&[(&str, Option<&str>)]; 6] = [
        &[
            ("/me/rooms", Some("rooms")),
            ("/register/", None),
            ("/me/avoid", None),
            ("/me/schedule", Some("days")),
            ("/api/users", None),
            ("/api/companies", None),
            ("/api/universities", None),
            ("/api/departments", None),
            ("/api/matching", None),
            ("/api/notifications", Some("items")),
            ("/api/item", None),
            ("/api/cart", Some("lines")),
            ("/api/favourites", Some("items")),
            ("/api/transaction", None),
            ("/api/payments", None),
        ],
        &[
            ("/api/matches/recommendations", None),
            ("/api/matches", None),
            ("/api/chats", None),
        ],
        &[
            ("/api/matching", None),
            ("/api/notifications", Some("items")),
        ],
        &[("/api/products", None), ("/api/sales", None)],
        &[
            ("/api/operator/certificates", None),
            ("/api/operator/reports", None),
            ("/api/visits/operator/reports", None),
        ],
        &[
            ("/v1/service/users", Some("users")),
            (
                "/v1/service/organization_members",
                Some("organization_members"),
            ),
            ("/v1/service/invitations", Some("invitations")),
            ("/v1/service/projects?scope=organization", Some("projects")),
            ("/v1/service/licenses", Some("licenses")),
            ("/v1/service/payments", Some("payments")),
        ],
    ];
    let mut empty = Vec::new();
    for (token, lists) in tokens.iter().zip(lists) {
        for (path, field) in lists {
            if count(&world, Some(token), path, *field).await == 0 {
                empty.push(*path);
            }
        }
    }
    assert!(empty.is_empty(), "nothing is to be seen at {empty:?}");
    let chats = world
        .call("GET", "/api/chats", Some(&tokens[1]), None)
        .await;
    let path = format!("/api/chats/{}/messages", text(&chats.body[0]["chat_id"]));
    assert!(count(&world, Some(&tokens[1]), &path, None).await > 3);
    let rooms = world.call("GET", "/me/rooms", Some(&tokens[0]), None).await;
    assert_eq!(rooms.body["rooms"].as_array().unwrap().len(), 4);

    let there = items(&world);
    seed::run(options).await.unwrap();
    assert_eq!(items(&world), there);

    // Others come beside them, on mornings before.
    let first = drawn(&world).await;
    let number = options.number + 1;
    let others = seed::Options { number, ..options };
    seed::run(others).await.unwrap();
    let all = drawn(&world).await;
    assert_eq!([first.len(), all.len()], [4, 8]);
    assert_eq!(all[..4], first);
    world.nothing_given_up();
}

#[test]
fn a_seed_without_a_stack_says_what_to_do() {
    let output = Command::new(env!("CARGO_BIN_EXE_enishi"))
        .args(["seed", "--aws-port", "1"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "no stack answers on port 1; start one with `cargo run`, and seed it from another terminal\n"
    );
}
