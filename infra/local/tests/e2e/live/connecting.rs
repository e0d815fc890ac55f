//! Tickets, `$connect` and `$disconnect`.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Socket, items, known, ticket};
use crate::{identity::later, support::World};

/// `$connect` as API Gateway sends it, again and again; answers the status, `null` for a failure.
pub async fn connect(world: &World, ticket: &str, connection_id: &str) -> Value {
    let event = json!({
        "queryStringParameters": {"ticket": ticket},
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "connectionId": connection_id,
            "connectedAt": 0, "requestTimeEpoch": 0,
        },
    });
    let answer = world.stack.lambda().invoke("LiveConnect", event).await;
    answer.unwrap_or_default()["statusCode"].clone()
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let answer = world
        .post(&hana, "/api/live/ticket", json!({}))
        .await
        .expect(201);
    assert_eq!(answer.body["expires_in"], 60);
    assert_eq!(answer.text("url"), world.stack.live_url());
    assert_eq!(answer.headers["cache-control"], "no-store");
    let ticket = answer.text("ticket");

    let mut socket = Socket::connect(&answer.text("url"), &ticket).await.unwrap();
    socket.expect_nothing().await;
    for _ in 0..2 {
        let again = Socket::connect(&answer.text("url"), &ticket).await;
        assert_eq!(again.err(), Some(401));
    }
    socket.expect_nothing().await;
    assert_eq!(known(&world), world.stack.websocket().connections());
}

#[tokio::test]
async fn of_many_who_use_a_ticket_at_once_one_gets_in() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let (ticket, url) = (ticket(&world, &hana).await, world.stack.live_url());
    let all = (0..8).map(|_| Socket::connect(&url, &ticket));
    let all = futures_util::future::join_all(all).await;
    let refused = all.iter().filter_map(|one| one.as_ref().err().copied());
    assert_eq!(refused.collect::<Vec<_>>(), [401; 7]);
    assert_eq!(known(&world).len(), 1);
}

#[tokio::test]
async fn a_ticket_lasts_a_minute() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    for (seconds, expected) in [(59, None), (60, Some(401))] {
        let ticket = ticket(&world, &hana).await;
        later(&world, seconds);
        let socket = Socket::connect(&world.stack.live_url(), &ticket).await;
        assert_eq!(socket.err(), expected, "after {seconds} seconds");
    }
}

#[tokio::test]
async fn what_is_no_ticket_of_its_owner_opens_nothing() {
    let world = World::new().await;
    let (hana, ken) = (world.sign_up("hana").await, world.sign_up("ken").await);
    let url = world.stack.live_url();
    let of_hana = ticket(&world, &hana).await;
    let secret = of_hana.split_once('.').unwrap().1;
    let digest = items(&world)[0]["sk"]["S"].as_str().unwrap()[7..].to_owned();
    for forged in [
        String::new(),
        hana.id.clone(),
        secret.to_owned(),
        format!("{}.{secret}", ken.id),
        format!("{}.{secret}", hana.id.to_uppercase()),
        format!("{}.{}", hana.id, "A".repeat(43)),
        format!("{}.{digest}", hana.id),
        format!("{of_hana}A"),
        hana.access_token.clone(),
    ] {
        let refused = Socket::connect(&url, &forged).await;
        assert_eq!(refused.err(), Some(401), "{forged}");
    }
    for query in [
        String::new(),
        "?".into(),
        format!("?Ticket={of_hana}"),
        format!("?t={of_hana}"),
    ] {
        let refused = Socket::handshake(&format!("{url}{query}")).await;
        assert_eq!(refused.err(), Some(401), "{query}");
    }
    // None of it has spent the ticket.
    let mut socket = Socket::connect(&url, &of_hana).await.unwrap();
    socket.expect_nothing().await;
}

#[tokio::test]
async fn only_who_is_logged_in_gets_a_ticket() {
    let world = World::new().await;
    let answer = world.call("POST", "/api/live/ticket", None, None).await;
    answer.expect_error(401, "access_token_invalid", &[]);
    let hana = world.sign_up("hana").await;
    later(&world, 16 * 60);
    let answer = world.post(&hana, "/api/live/ticket", json!({})).await;
    answer.expect_error(401, "access_token_expired", &[]);
    assert!(items(&world).is_empty());
}

#[tokio::test]
async fn what_lies_in_the_table_opens_nothing() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let tickets = [ticket(&world, &hana).await, ticket(&world, &hana).await];
    let stored = items(&world);
    assert_eq!(stored.len(), 2);
    let dump = json!(stored).to_string();
    for ticket in &tickets {
        let secret = ticket.split_once('.').unwrap().1;
        assert!(!dump.contains(secret));
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(secret).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(bytes.len(), 32);
        assert!(!dump.contains(&hex));
    }
    for item in &stored {
        let left: i64 = item["ttl"]["N"].as_str().unwrap().parse().unwrap();
        assert_eq!(left - world.stack.clock().now().as_second(), 60);
    }
    // A ticket that was used leaves nothing.
    let socket = Socket::connect(&world.stack.live_url(), &tickets[0]).await;
    socket.unwrap().close().await;
    world.stack.settle().await;
    assert_eq!(items(&world).len(), 1);
}

#[tokio::test]
async fn a_handshake_that_comes_twice_is_let_in_twice_and_known_once() {
    let world = World::new().await;
    let (hana, ken) = (world.sign_up("hana").await, world.sign_up("ken").await);
    let of_hana = ticket(&world, &hana).await;
    for _ in 0..3 {
        assert_eq!(connect(&world, &of_hana, "one").await, 200);
    }
    assert_eq!(known(&world), ["one"]);
    assert_eq!(connect(&world, &of_hana, "two").await, 401);
    // A connection that is Hana's is no admission for anybody else, nor a ticket that is good.
    let of_ken = ticket(&world, &ken).await;
    assert_eq!(connect(&world, &of_ken, "one").await, 401);
    assert_eq!(connect(&world, &of_ken, "two").await, 200);
    assert_eq!(known(&world), ["one", "two"]);
}

#[tokio::test]
async fn a_connection_is_forgotten_when_it_ends_however_often_that_is_told() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let closed = Socket::open(&world, &hana).await;
    let cut = Socket::open(&world, &hana).await;
    let mut stays = Socket::open(&world, &hana).await;
    let all = world.stack.websocket().connections();
    assert_eq!(known(&world).len(), 3);
    closed.close().await;
    cut.cut();
    stays.expect_nothing().await;
    // That a client is gone without a word shows when its last bytes are read.
    while world.stack.websocket().connections().len() > 1 {
        tokio::task::yield_now().await;
    }
    world.stack.settle().await;
    assert_eq!(known(&world), all[2..]);
    for id in [&all[0], "never-was"] {
        let event = json!({"requestContext": {
            "routeKey": "$disconnect", "eventType": "DISCONNECT", "connectionId": id,
            "connectedAt": 0, "requestTimeEpoch": 0, "disconnectStatusCode": 1005,
        }});
        let answer = world.stack.lambda().invoke("LiveDisconnect", event).await;
        assert_eq!(answer.unwrap(), json!({"statusCode": 200}));
    }
    stays.expect_nothing().await;
}

#[tokio::test]
async fn everything_keeps_to_its_budget() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    world.stack.aws().forget_calls();
    let mut socket = Socket::open(&world, &hana).await;
    socket.expect_nothing().await;
    socket.close().await;
    world.stack.settle().await;
    let calls = world.stack.aws().calls();
    for (function, requests) in [
        (
            "LiveTicket",
            &[
                "dynamodb:BatchGetItem",
                "dynamodb:UpdateItem",
                "dynamodb:PutItem",
            ][..],
        ),
        (
            "LiveConnect",
            &[
                "dynamodb:BatchGetItem",
                "dynamodb:Query",
                "dynamodb:TransactWriteItems",
            ],
        ),
        (
            "LivePing",
            &["dynamodb:GetItem", "execute-api:PostToConnection"],
        ),
        (
            "LiveDisconnect",
            &["dynamodb:GetItem", "dynamodb:TransactWriteItems"],
        ),
    ] {
        let calls = calls.iter().filter(|call| call.function == function);
        let made: Vec<_> = calls.map(|call| call.request.as_str()).collect();
        assert_eq!(made, requests, "{function}");
    }
}
