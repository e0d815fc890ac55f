//! Pushing to people, and what becomes of connections that have ended.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use enishi_shared::{
    App, UserId,
    error::Code,
    live::{Pushes, push},
};
use serde_json::{Value, json};

use super::{Socket, known};
use crate::{
    identity::later,
    support::{Person, World, template, write_template},
};

/// A stack in which one function may do what functions that push may.
async fn world() -> World {
    let text = template();
    let (before, ping) = text.split_once("\n  LivePing:\n").unwrap();
    let (own, instead) = (
        "Action: dynamodb:GetItem,",
        "Action: [dynamodb:DeleteItem, dynamodb:Query],",
    );
    assert!(ping.contains(own));
    let ping = ping.replacen(own, instead, 1);
    let folder = tempfile::tempdir().unwrap();
    let changed = write_template(folder.path(), &format!("{before}\n  LivePing:\n{ping}"));
    World::with(|options| options.template = changed).await
}

/// The App of that function, with what differs in its environment.
fn app(world: &World, other: &[(&str, &str)]) -> App {
    let mut environment = world.stack.environment()["LivePing"].clone();
    for (name, value) in other {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    world.app("LivePing", |parts| {
        parts.env = environment.into_iter().collect()
    })
}

fn ids(people: &[&Person]) -> Vec<UserId> {
    people.iter().map(|one| one.id.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_push_reaches_every_connection_of_these_people_and_no_other() {
    let world = world().await;
    let app = app(&world, &[]);
    let [hana, ken, mio, rin] = ["hana", "ken", "mio", "rin"].map(|name| world.sign_up(name));
    let (hana, ken, mio, rin) = (hana.await, ken.await, mio.await, rin.await);
    let mut sockets = vec![
        Socket::open(&world, &hana).await,
        Socket::open(&world, &hana).await,
        Socket::open(&world, &ken).await,
    ];
    let mut other = Socket::open(&world, &mio).await;
    // Rin has no connection; Hana is named twice and told once.
    let people = ids(&[&hana, &ken, &rin, &hana]);
    for number in 0..3 {
        push(&app, &people, &json!({"type": "news", "number": number}))
            .await
            .unwrap();
    }
    for socket in &mut sockets {
        for number in 0..3 {
            assert_eq!(
                socket.next().await,
                json!({"type": "news", "number": number})
            );
        }
    }
    push(&app, &ids(&[&mio]), &json!("for Mio")).await.unwrap();
    assert_eq!(other.next().await, json!("for Mio"));
    push(&app, &[], &json!("for nobody")).await.unwrap();
    let calls = world.stack.aws().calls();
    assert!(calls.iter().all(|call| call.allowed), "{calls:?}");
}

#[tokio::test]
async fn a_connection_that_has_ended_is_forgotten_by_the_push_that_finds_it_gone() {
    let world = world().await;
    let app = app(&world, &[]);
    let hana = world.sign_up("hana").await;
    let lost = Socket::open(&world, &hana).await;
    let mut open = Socket::open(&world, &hana).await;
    let both = world.stack.websocket().connections();
    // API Gateway did not tell of it.
    assert!(world.stack.websocket().cut_silently(&both[0]));
    drop(lost);
    // So soon it might be a handshake that is not through yet.
    later(&world, 30);
    let pushes = Pushes::new(&app).unwrap();
    world.stack.aws().forget_calls();
    for number in [1, 2] {
        let pushed = pushes.push(&ids(&[&hana]), &json!(number)).await;
        pushed.unwrap();
        assert_eq!(open.next().await, json!(number));
    }
    // To both, and to the one that was not gone.
    let calls = world.stack.aws().calls();
    let posts = calls
        .iter()
        .filter(|call| call.request == "execute-api:PostToConnection");
    assert_eq!((calls.len(), posts.count()), (4, 3));
    assert_eq!(known(&world).len(), 2);
    later(&world, 1);
    push(&app, &ids(&[&hana]), &json!(2)).await.unwrap();
    assert_eq!(known(&world), both[1..]);
    assert_eq!(open.next().await, json!(2));
    world.stack.aws().forget_calls();
    push(&app, &ids(&[&hana]), &json!(3)).await.unwrap();
    assert_eq!(open.next().await, json!(3));
    let calls = world.stack.aws().calls();
    let requests: Vec<_> = calls.iter().map(|call| call.request.as_str()).collect();
    assert_eq!(requests, ["dynamodb:Query", "execute-api:PostToConnection"]);
}

#[tokio::test]
async fn a_connection_that_has_expired_is_closed_by_the_push_that_does_not_go_through_it() {
    let world = world().await;
    let app = app(&world, &[]);
    let hana = world.sign_up("hana").await;
    let mut old = Socket::open(&world, &hana).await;
    later(&world, 60 * 60 - 1);
    push(&app, &ids(&[&hana]), &json!(1)).await.unwrap();
    assert_eq!(old.next().await, json!(1));
    later(&world, 1);
    let mut hana = hana;
    world.refresh(&mut hana).await;
    let mut new = Socket::open(&world, &hana).await;
    world.stack.aws().forget_calls();
    push(&app, &ids(&[&hana]), &json!(2)).await.unwrap();
    assert_eq!(new.next().await, json!(2));
    assert_eq!(old.next_or_end().await, None);
    // Beside what the gateway's own news of the end makes `live-disconnect` ask.
    let calls = world.stack.aws().calls();
    let calls = calls.iter().filter(|call| call.function == "LivePing");
    let mut requests: Vec<_> = calls.map(|call| call.request.as_str()).collect();
    requests.sort_unstable();
    assert_eq!(
        requests,
        [
            "dynamodb:Query",
            "dynamodb:TransactWriteItems",
            "execute-api:DeleteConnection",
            "execute-api:PostToConnection"
        ]
    );
    world.stack.settle().await;
    assert_eq!(known(&world), world.stack.websocket().connections());
}

#[tokio::test]
async fn a_connection_beyond_its_time_is_left_alone() {
    let world = world().await;
    let app = app(&world, &[]);
    let hana = world.sign_up("hana").await;
    let _socket = Socket::open(&world, &hana).await;
    later(&world, 2 * 60 * 60 + 10 * 60);
    world.stack.aws().forget_calls();
    push(&app, &ids(&[&hana]), &json!(1)).await.unwrap();
    let calls = world.stack.aws().calls();
    let requests: Vec<_> = calls.iter().map(|call| call.request.as_str()).collect();
    assert_eq!(requests, ["dynamodb:Query"]);
}

/// An address that answers every request with this status and error.
async fn answers(status: u16, error: &'static str) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let router = axum::Router::new().fallback(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let status = http::StatusCode::from_u16(status).unwrap();
        async move { (status, [("x-amzn-errortype", error)]) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/live", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

#[tokio::test]
async fn what_passes_is_to_be_pushed_again_and_what_does_not_is_given_up() {
    let world = world().await;
    let hana = world.sign_up("hana").await;
    let _socket = Socket::open(&world, &hana).await;
    later(&world, 31);
    for (status, error, attempts, again) in [
        (429, "LimitExceededException", 3, true),
        (500, "", 3, true),
        (503, "ServiceUnavailableException", 3, true),
        (400, "BadRequestException", 1, false),
        (403, "ForbiddenException", 1, false),
        (413, "PayloadTooLargeException", 1, false),
        // The last one: it is forgotten.
        (410, "GoneException", 1, false),
    ] {
        let (url, asked) = answers(status, error).await;
        let app = app(
            &world,
            &[("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", &url)],
        );
        let pushed = push(&app, &ids(&[&hana]), &json!(1)).await;
        let code = pushed.err().map(|error| error.code());
        assert_eq!(code, again.then_some(Code::ServiceUnavailable), "{status}");
        assert_eq!(asked.load(Ordering::SeqCst), attempts, "{status}");
        assert_eq!(known(&world).is_empty(), status == 410, "{status}");
    }
}

#[tokio::test]
async fn one_who_cannot_be_reached_keeps_nobody_else_from_it() {
    let world = world().await;
    let app = app(&world, &[]);
    let (hana, ken) = (world.sign_up("hana").await, world.sign_up("ken").await);
    let lost = Socket::open(&world, &hana).await;
    let mut open = Socket::open(&world, &ken).await;
    let first = world.stack.websocket().connections()[0].clone();
    assert!(world.stack.websocket().cut_silently(&first));
    drop(lost);
    push(&app, &ids(&[&hana, &ken]), &json!({"seq": 1}))
        .await
        .unwrap();
    assert_eq!(open.next().await, json!({"seq": 1}));
    // Too large for API Gateway: nobody gets it, and again would be no better.
    let large: Value = json!("x".repeat(128 * 1024));
    push(&app, &ids(&[&ken]), &large).await.unwrap();
    push(&app, &ids(&[&ken]), &json!("small")).await.unwrap();
    assert_eq!(open.next().await, json!("small"));
}
