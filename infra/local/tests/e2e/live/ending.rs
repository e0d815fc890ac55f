//! When a connection ends: with its session, with its account, or to make room.

use serde_json::json;

use super::{Socket, connecting::connect, items, known, ticket};
use crate::{
    identity::{
        later, log_in, mailed,
        market_sessions::{enter, unverified, verified, verify},
        post, refresh,
    },
    support::{Person, World},
};

/// Somebody once more, in another session.
async fn again(world: &World, person: &Person) -> Person {
    let answer = log_in(world, &person.email, &person.password).await;
    let answer = answer.expect(200);
    Person::new(&person.name, &person.email, &person.password, &answer)
}

async fn log_out(world: &World, person: &Person) {
    let token = Some(person.access_token.as_str());
    let answer = world.call("POST", "/api/auth/logout", token, None).await;
    answer.expect(204);
}

async fn close_account(world: &World, person: &Person) {
    let token = Some(person.access_token.as_str());
    let answer = world.call("DELETE", "/api/users/me", token, None).await;
    answer.expect(204);
}

/// Somebody has a new password, by the mail that they asked for.
async fn reset(world: &World, person: &Person, password: &str) {
    let body = json!({"email": person.email});
    post(world, "/api/auth/password/forgot", body)
        .await
        .expect(202);
    let token = mailed(world, &person.email).await;
    let body = json!({"token": token, "password": password});
    post(world, "/api/auth/password/reset", body)
        .await
        .expect(204);
}

#[tokio::test]
async fn a_log_out_closes_the_connections_of_its_session_and_no_other() {
    let world = World::new().await;
    let (hana, ken) = (world.sign_up("hana").await, world.sign_up("ken").await);
    let elsewhere = again(&world, &hana).await;
    let mut ended = [
        Socket::open(&world, &hana).await,
        Socket::open(&world, &hana).await,
    ];
    let mut open = [
        Socket::open(&world, &elsewhere).await,
        Socket::open(&world, &ken).await,
    ];
    for _ in 0..2 {
        log_out(&world, &hana).await;
        world.stack.settle().await;
        for socket in &mut ended {
            assert_eq!(socket.next_or_end().await, None);
        }
        for socket in &mut open {
            socket.expect_nothing().await;
        }
        assert_eq!(known(&world).len(), 2);
        assert_eq!(world.stack.websocket().connections().len(), 2);
    }
}

#[tokio::test]
async fn a_proof_at_firebase_closes_the_connections_from_before() {
    let world = World::new().await;
    let stranger = unverified(&world, "hana@example.com").await;
    let mut ended = Socket::open(&world, &enter(&world, &stranger).await).await;
    let owner = verify(&world, stranger).await;
    let hana = enter(&world, &owner).await;
    let mut open = Socket::open(&world, &hana).await;
    world.stack.settle().await;
    assert_eq!(ended.next_or_end().await, None);
    enter(&world, &owner).await;
    world.stack.settle().await;
    open.expect_nothing().await;
}

#[tokio::test]
async fn the_end_of_a_market_session_closes_its_connections() {
    let world = World::new().await;
    let caller = verified(&world, "hana@example.com").await;
    let hana = enter(&world, &caller).await;
    let elsewhere = enter(&world, &caller).await;
    let mut ended = Socket::open(&world, &hana).await;
    let mut open = Socket::open(&world, &elsewhere).await;
    let token = Some(hana.access_token.as_str());
    let answer = world.call("DELETE", "/api/session", token, None).await;
    answer.expect(204);
    world.stack.settle().await;
    assert_eq!(ended.next_or_end().await, None);
    open.expect_nothing().await;
}

#[tokio::test]
async fn a_spent_token_that_comes_back_closes_the_connections_of_its_session() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let elsewhere = again(&world, &hana).await;
    let mut ended = Socket::open(&world, &hana).await;
    let mut open = Socket::open(&world, &elsewhere).await;
    refresh(&world, &hana.refresh_token).await.expect(200);
    later(&world, 31);
    ended.expect_nothing().await;
    refresh(&world, &hana.refresh_token).await.expect(401);
    world.stack.settle().await;
    assert_eq!(ended.next_or_end().await, None);
    open.expect_nothing().await;
}

#[tokio::test]
async fn a_new_password_closes_all_connections_but_those_that_are_opened_with_it() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let elsewhere = again(&world, &hana).await;
    let mut ended = [
        Socket::open(&world, &hana).await,
        Socket::open(&world, &elsewhere).await,
    ];
    reset(&world, &hana, "a quiet evening").await;
    // The news of it is not out yet.
    let renewed = Person {
        password: "a quiet evening".into(),
        ..hana.clone()
    };
    let renewed = again(&world, &renewed).await;
    let mut open = Socket::open(&world, &renewed).await;
    world.stack.settle().await;
    for socket in &mut ended {
        assert_eq!(socket.next_or_end().await, None);
    }
    open.expect_nothing().await;
    assert_eq!(known(&world), world.stack.websocket().connections());
}

#[tokio::test]
async fn closing_the_account_closes_all_its_connections_and_leaves_nothing_of_it() {
    let world = World::new().await;
    let (hana, ken) = (world.sign_up("hana").await, world.sign_up("ken").await);
    let elsewhere = again(&world, &hana).await;
    let mut ended = [
        Socket::open(&world, &hana).await,
        Socket::open(&world, &elsewhere).await,
    ];
    let mut kens = Socket::open(&world, &ken).await;
    let unused = ticket(&world, &hana).await;
    close_account(&world, &hana).await;
    world.stack.settle().await;
    for socket in &mut ended {
        assert_eq!(socket.next_or_end().await, None);
    }
    kens.expect_nothing().await;
    assert_eq!(world.stack.websocket().connections().len(), 1);
    for item in items(&world) {
        assert!(!item.to_string().contains(&hana.id), "left: {item}");
    }
    let refused = Socket::connect(&world.stack.live_url(), &unused).await;
    assert_eq!(refused.err(), Some(401));
}

#[tokio::test]
async fn a_ticket_opens_nothing_once_its_session_has_ended() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let [out, spent, new, gone] = [0; 4].map(|_| again(&world, &hana));
    let (out, spent, new, gone) = (out.await, spent.await, new.await, gone.await);
    let refused = async |tickets: [&str; 2], why: &str| {
        for ticket in tickets {
            // Nor before anybody has heard that it ended.
            let answer = Socket::connect(&world.stack.live_url(), ticket).await;
            assert_eq!(answer.err(), Some(401), "{why}");
        }
        assert!(known(&world).is_empty(), "{why}");
    };
    let two = async |person: &Person| [ticket(&world, person).await, ticket(&world, person).await];

    let [first, second] = two(&out).await;
    log_out(&world, &out).await;
    refused([&first, &second], "logged out").await;

    let [first, second] = two(&spent).await;
    refresh(&world, &spent.refresh_token).await.expect(200);
    later(&world, 31);
    refresh(&world, &spent.refresh_token).await.expect(401);
    refused([&first, &second], "a spent token").await;

    let [first, second] = two(&new).await;
    reset(&world, &hana, "a quiet evening").await;
    refused([&first, &second], "a new password").await;

    // Nor is there a new one, for the quarter of an hour that the access token lasts.
    for person in [&out, &spent, &new, &gone] {
        let answer = world.post(person, "/api/live/ticket", json!({})).await;
        answer.expect_error(401, "access_token_invalid", &[]);
    }
    let renewed = Person {
        password: "a quiet evening".into(),
        ..hana
    };
    let renewed = again(&world, &renewed).await;
    let [first, second] = two(&renewed).await;
    close_account(&world, &renewed).await;
    refused([&first, &second], "closed").await;
    let answer = world.post(&renewed, "/api/live/ticket", json!({})).await;
    answer.expect_error(401, "access_token_invalid", &[]);
}

#[tokio::test]
async fn a_twenty_first_connection_closes_the_oldest() {
    let world = World::new().await;
    let (hana, ken) = (world.sign_up("hana").await, world.sign_up("ken").await);
    let mut kens = Socket::open(&world, &ken).await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(Socket::open(&world, &hana).await);
        later(&world, 1);
    }
    for socket in &mut sockets {
        socket.expect_nothing().await;
    }
    for oldest in 0..3 {
        sockets.push(Socket::open(&world, &hana).await);
        later(&world, 1);
        assert_eq!(sockets[oldest].next_or_end().await, None);
        world.stack.settle().await;
        assert_eq!(known(&world).len(), 21);
        assert_eq!(world.stack.websocket().connections().len(), 21);
    }
    for socket in &mut sockets[3..] {
        socket.expect_nothing().await;
    }
    // One that ends makes room by itself.
    sockets.pop().unwrap().close().await;
    world.stack.settle().await;
    sockets.push(Socket::open(&world, &hana).await);
    for socket in &mut sockets[3..] {
        socket.expect_nothing().await;
    }
    kens.expect_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_thirty_connections_at_once_twenty_are_there() {
    let world = World::new().await;
    let hana = world.sign_up("hana").await;
    let mut tickets = Vec::new();
    for _ in 0..30 {
        tickets.push(ticket(&world, &hana).await);
    }
    let handshakes = tickets.iter().enumerate();
    let handshakes = handshakes.map(async |(number, ticket)| {
        let answer = connect(&world, ticket, &format!("connection-{number}")).await;
        assert_eq!(answer, 200);
    });
    futures_util::future::join_all(handshakes).await;
    assert_eq!(known(&world).len(), 20);
}
