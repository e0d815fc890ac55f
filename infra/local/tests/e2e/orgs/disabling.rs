//! Firebase accounts of who was deleted, with Google unreachable, slow, and as it should be.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use enishi_local::{firebase::PROJECT, stack::plain_http};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Member, World, admin, allowance, delete, firebase, get, invited, items};
use crate::{
    identity::{
        later,
        market_sessions::{begin, enter, products},
    },
    support::Answer,
};

/// The functions' way to Google.
#[derive(Clone, Default)]
struct Google(Arc<Way>);

#[derive(Default)]
struct Way {
    is_cut: AtomicBool,
    /// Whether the next request waits until it is let through.
    is_gated: AtomicBool,
    reached: Notify,
    opened: Notify,
    /// What came through: whether an account was to be disabled or enabled.
    asked: Mutex<Vec<bool>>,
}

impl Google {
    async fn world(&self) -> World {
        let google = self.clone();
        World::with(move |options| {
            allowance(5, 600)(options);
            let plain = plain_http();
            options.connections = Box::new(move |function| {
                SharedHttpClient::new(Connections {
                    google: google.clone(),
                    inner: plain(function),
                })
            });
        })
        .await
    }

    fn cut(&self, is_cut: bool) {
        self.0.is_cut.store(is_cut, Ordering::SeqCst);
    }

    /// What Google was asked so far.
    fn asked(&self) -> Vec<bool> {
        self.0.asked.lock().unwrap().clone()
    }
}

struct Connections {
    google: Google,
    inner: SharedHttpClient,
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connections")
    }
}

impl HttpClient for Connections {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            google: self.google.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

struct Connector {
    google: Google,
    inner: SharedHttpConnector,
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !request.uri().contains("accounts:update") {
            return self.inner.call(request);
        }
        let (Google(way), inner) = (self.google.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            if way.is_gated.swap(false, Ordering::SeqCst) {
                way.reached.notify_one();
                way.opened.notified().await;
            }
            if way.is_cut.load(Ordering::SeqCst) {
                return Err(ConnectorError::io("no way there".into()));
            }
            let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let disable = body["disableUser"].as_bool().unwrap();
            way.asked.lock().unwrap().push(disable);
            inner.call(request).await
        })
    }
}

/// Logs in at Firebase.
async fn log_in(world: &World, member: &Member) -> Answer {
    let body = json!({"email": member.firebase.email, "password": "secret at Firebase"});
    firebase(world, "accounts:signInWithPassword?key=any", body).await
}

async fn is_disabled(world: &World, member: &Member) -> bool {
    let answer = log_in(world, member).await;
    answer.body["error"]["message"] == "USER_DISABLED"
}

async fn delete_user(world: &World, by: &Member, whom: &Member) {
    let path = format!("/v1/service/users/{}", whom.id);
    let deleted = delete(world, by, &path).await.expect(200);
    assert_eq!(deleted.body, json!({"user": {}}));
}

async fn sweep(world: &World) -> Result<Value, String> {
    let tick = json!({"scheduled_time": world.stack.clock().now()});
    world.stack.lambda().invoke("OrgsSweep", tick).await
}

#[tokio::test]
async fn who_deletes_themselves_or_came_by_invitation_is_disabled_and_nobody_else() {
    let google = Google::default();
    let world = google.world().await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "admin").await;
    let riku = invited(&world, &hana, "riku", "member").await;
    delete_user(&world, &riku, &riku).await;
    world.stack.settle().await;
    assert!(is_disabled(&world, &riku).await);
    // Who made the organisation came by themselves.
    delete_user(&world, &sora, &hana).await;
    world.stack.settle().await;
    assert!(!is_disabled(&world, &hana).await);
    delete_user(&world, &sora, &sora).await;
    world.stack.settle().await;
    assert!(is_disabled(&world, &sora).await);
    assert_eq!(google.asked(), [true, true]);
    assert!(items(&world, "DISABLINGS").is_empty());
    world.nothing_given_up();
}

#[tokio::test]
async fn while_google_is_unreachable_the_deletion_stands_and_the_account_is_disabled_later_once() {
    let google = Google::default();
    let world = google.world().await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    google.cut(true);
    delete_user(&world, &hana, &sora).await;
    world.stack.settle().await;
    let path = format!("/v1/service/users/{}", sora.id);
    get(&world, &sora, &path)
        .await
        .expect_error(401, "access_token_invalid", &[]);
    get(&world, &hana, &path)
        .await
        .expect_error(404, "not_found", &[]);
    assert!(!is_disabled(&world, &sora).await);
    // An operator hears of it.
    let letters = world.stack.lambda().dead_letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].queue, "OrgsDeadLetters");
    for _ in 0..3 {
        later(&world, 300);
        assert!(sweep(&world).await.is_err());
    }
    assert!(!is_disabled(&world, &sora).await);

    google.cut(false);
    later(&world, 300);
    assert_eq!(
        sweep(&world).await.unwrap(),
        json!({"accounts": 1, "licenses": 0})
    );
    assert!(is_disabled(&world, &sora).await);
    for _ in 0..2 {
        later(&world, 300);
        assert_eq!(
            sweep(&world).await.unwrap(),
            json!({"accounts": 0, "licenses": 0})
        );
    }
    assert_eq!(google.asked(), [true]);
}

#[tokio::test]
async fn whether_it_is_wanted_is_asked_at_each_attempt() {
    let google = Google::default();
    let world = google.world().await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    let riku = invited(&world, &hana, "riku", "member").await;
    google.cut(true);
    for gone in [&sora, &riku] {
        delete_user(&world, gone, gone).await;
    }
    world.stack.settle().await;
    assert!(sweep(&world).await.is_err());
    // One becomes a customer of the market, the other comes back to an organisation of their own.
    later(&world, 60);
    let customer = super::Caller {
        id_token: log_in(&world, &sora).await.expect(200).text("idToken"),
        uid: sora.firebase.uid.clone(),
        email: sora.firebase.email.clone(),
    };
    let customer = enter(&world, &customer).await;
    assert_eq!(products(&world, &customer), ["market"]);
    let back = super::Caller {
        id_token: log_in(&world, &riku).await.expect(200).text("idToken"),
        uid: riku.firebase.uid.clone(),
        email: riku.firebase.email.clone(),
    };
    let body = super::newcomer(&back, "admin");
    let path = "/v1/service/users";
    let token = Some(back.id_token.as_str());
    world
        .call("POST", path, token, Some(body))
        .await
        .expect(200);

    google.cut(false);
    assert_eq!(
        sweep(&world).await.unwrap(),
        json!({"accounts": 2, "licenses": 0})
    );
    assert!(items(&world, "DISABLINGS").is_empty());
    for there in [&sora, &riku] {
        assert!(!is_disabled(&world, there).await);
    }
    // Google may have heard of it before, whatever it answered.
    assert_eq!(google.asked(), [false, false]);
}

#[tokio::test]
async fn who_was_disabled_at_firebase_itself_has_no_token_after_the_last_one() {
    let google = Google::default();
    let world = google.world().await;
    let hana = admin(&world, "hana").await;
    let path = format!("projects/{PROJECT}/accounts:update");
    let body = json!({"localId": hana.firebase.uid, "disableUser": true});
    firebase(&world, &path, body).await.expect(200);
    assert!(is_disabled(&world, &hana).await);
    // Nothing asks Google at a request: the last token goes on to its end.
    let path = "/v1/service/users";
    later(&world, 3599);
    get(&world, &hana, path).await.expect(200);
    later(&world, 1);
    get(&world, &hana, path)
        .await
        .expect_error(401, "access_token_expired", &[]);
}

#[tokio::test]
async fn who_becomes_a_customer_while_google_is_asked_can_log_in_again() {
    let google = Google::default();
    let world = google.world().await;
    let hana = admin(&world, "hana").await;
    let sora = invited(&world, &hana, "sora", "member").await;
    google.0.is_gated.store(true, Ordering::SeqCst);
    delete_user(&world, &hana, &sora).await;
    let meanwhile = async {
        google.0.reached.notified().await;
        begin(&world, &sora.firebase.id_token).await.expect(200);
        google.0.opened.notify_one();
    };
    futures_util::join!(world.stack.settle(), meanwhile);
    assert_eq!(google.asked(), [true, false]);
    let logged_in = log_in(&world, &sora).await.expect(200).text("idToken");
    begin(&world, &logged_in).await.expect(200);
    assert!(items(&world, "DISABLINGS").is_empty());
    world.nothing_given_up();
}
