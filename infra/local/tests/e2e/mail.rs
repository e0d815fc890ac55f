//! `platform-mail`: the letters that services ask for, from the outbox row to the mailbox.

pub mod crash;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use enishi_local::mailbox::Mail;
use serde_json::{Value, json};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
};

use crate::{
    identity::{disable, edit_account, later},
    support::World,
};

const SUBJECT: &str = "작품이 발송되었습니다";
const TEXT: &str = "서연 님, 안녕하세요.\n\n주문하신 그릇이 오늘 공방을 떠났습니다.\n\nEnishi\n";
const EVENT: &str = "019aa2b4-7c1f-7a02-8d11-3c4b5a697887";

/// The event that asks for the letter, as a function gets it.
pub fn requested(event_id: &str, to: &Value) -> Value {
    json!({
        "source": "enishi.mail",
        "detail-type": "mail.requested",
        "detail": {
            "id": event_id, "time": "2026-11-20T11:00:00Z",
            "data": {"to": to, "letter": {"subject": SUBJECT, "text": TEXT}},
        },
    })
}

/// Announces the event from a table with an outbox, as its service's transaction would. The row's own
/// id tells two announcements of one event apart.
pub async fn announce(world: &World, row: &str, event: &Value) {
    let text = |value: &Value| json!({"S": value});
    let item = json!({
        "pk": {"S": format!("OUTBOX#{row}")},
        "sk": {"S": "OUTBOX"},
        "source": text(&event["source"]),
        "detail_type": text(&event["detail-type"]),
        "detail": {"S": event["detail"].to_string()},
        "time": text(&event["detail"]["time"]),
        "ttl": {"N": "1795820400"},
    });
    let request = json!({"TableName": "PaymentsTable", "Item": item});
    let request = enishi_local::database::from_json(request).unwrap();
    world.stack.database().put_item(request).unwrap();
    world.stack.settle().await;
}

/// The mails with the letter.
fn letters(world: &World) -> Vec<Mail> {
    let mut mails = world.stack.mailbox().mails();
    mails.retain(|mail| mail.subject == SUBJECT);
    mails
}

/// What `platform-mail` asked for, in order.
fn calls(world: &World) -> Vec<String> {
    let calls = world.stack.aws().calls().into_iter();
    calls
        .filter(|call| call.function == "PlatformMail")
        .map(|call| call.request)
        .collect()
}

#[tokio::test]
async fn a_letter_goes_out_once_though_its_event_comes_again() {
    let world = World::new().await;
    let person = world.sign_up("seoyeon").await;
    let event = requested(EVENT, &json!({"user_id": person.id}));
    announce(&world, "1", &event).await;
    announce(&world, "2", &event).await;
    let sent = letters(&world);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].from, "enishi@example.com");
    assert_eq!(sent[0].to, [person.email.as_str()]);
    assert_eq!(sent[0].text.as_deref(), Some(TEXT));
    let html = sent[0].html.as_deref().unwrap();
    let [_, said, _] = TEXT.split("\n\n").collect::<Vec<_>>()[..] else {
        panic!("{TEXT}")
    };
    assert!(html.contains(&format!("<p>{said}</p>")), "{html}");
    let [read, letter, receipt] = ["dynamodb:BatchGetItem", "ses:SendEmail", "dynamodb:PutItem"];
    assert_eq!(calls(&world), [read, letter, receipt, read]);

    // As long as anything may still be delivered.
    later(&world, 7 * 24 * 60 * 60);
    let lambda = world.stack.lambda();
    lambda.invoke("PlatformMail", event).await.unwrap();
    assert_eq!(letters(&world).len(), 1);
    // Another event is another letter.
    let other = EVENT.replace('7', "8");
    let event = requested(&other, &json!({"user_id": person.id}));
    announce(&world, "3", &event).await;
    assert_eq!(letters(&world).len(), 2);
    assert!(lambda.dead_letters().is_empty());
}

#[tokio::test]
async fn a_letter_goes_to_the_address_that_an_account_has_now_and_to_no_closed_one() {
    let world = World::new().await;
    let [moved, closed, disabled] = [
        world.sign_up("moved").await,
        world.sign_up("closed").await,
        world.sign_up("disabled").await,
    ];
    edit_account(&world, &moved, |account| {
        account["email"] = json!({"S": "new@example.com"});
    });
    let token = Some(closed.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    disable(&world, &disabled);
    let nobody = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50";
    let to = [&moved.id, &closed.id, &disabled.id, nobody];
    for (number, id) in to.into_iter().enumerate() {
        let event = requested(&format!("{number}"), &json!({"user_id": id}));
        announce(&world, &format!("{number}"), &event).await;
    }
    let sent = letters(&world);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, ["new@example.com"]);
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn somebody_without_an_account_gets_a_letter_too() {
    let world = World::new().await;
    let event = requested(EVENT, &json!({"address": "shop@example.com"}));
    announce(&world, "1", &event).await;
    announce(&world, "2", &event).await;
    let sent = letters(&world);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, ["shop@example.com"]);
}

#[tokio::test]
async fn what_ses_never_takes_is_tried_once_and_fills_no_queue() {
    let world = World::new().await;
    let event = requested(EVENT, &json!({"address": "shop @example.com"}));
    announce(&world, "1", &event).await;
    announce(&world, "2", &event).await;
    let sent = |call: &&String| *call == "ses:SendEmail";
    assert_eq!(calls(&world).iter().filter(sent).count(), 1);
    // An address from before they were checked as they are now.
    let person = world.sign_up("seoyeon").await;
    edit_account(&world, &person, |account| {
        account["email"] = json!({"S": "서연@example.com"});
    });
    let event = requested("2", &json!({"user_id": person.id}));
    announce(&world, "3", &event).await;
    assert!(letters(&world).is_empty());
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn a_letter_to_an_international_domain_is_addressed_in_ascii() {
    let world = World::new().await;
    let event = requested(EVENT, &json!({"address": "Shop@例え.jp"}));
    announce(&world, "1", &event).await;
    assert_eq!(letters(&world)[0].to, ["Shop@xn--r8jz45g.jp"]);
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

// One thread, so that the log hears every function.
#[tokio::test(flavor = "current_thread")]
async fn no_log_holds_a_letter_or_an_address() {
    let log = Log::default();
    // The stack's own lines tell whoever runs it of every mail.
    let functions = Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_target("enishi_local", LevelFilter::OFF);
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .finish()
        .with(functions);
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    let person = world.sign_up("seoyeon").await;
    for (row, to) in [
        ("1", json!({"user_id": person.id})),
        ("2", json!({"address": "shop@example.com"})),
        // SES refuses it.
        ("3", json!({"address": "shop @example.com"})),
        // No event of ours.
        ("4", json!({"nobody": "shop@example.com"})),
    ] {
        announce(&world, row, &requested(row, &to)).await;
    }
    assert_eq!(letters(&world).len(), 2);
    let given_up = world.stack.lambda().dead_letters();
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].queue, "PlatformDeadLetters");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("SES refuses a letter for good"), "{log}");
    for secret in [
        SUBJECT,
        TEXT.lines().next().unwrap(),
        "공방",
        "@example.com",
    ] {
        assert!(!log.contains(secret), "{log}");
    }
}
