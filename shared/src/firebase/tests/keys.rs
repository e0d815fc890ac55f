//! How often Google is asked for its keys, and what holds while it does not answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Barrier;

use super::*;
use crate::{error::Code, firebase::verify};

/// A token under a key that nobody knows.
fn unknown(number: usize) -> String {
    let header = with(header(), "kid", json!(format!("k{number}")));
    format!("{}.{}.AAAA", part(&header), part(&claims()))
}

async fn code(app: &App, token: &str) -> Option<Code> {
    verify(app, token).await.err().map(|error| error.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_cold_callers_make_one_fetch() {
    const CALLERS: usize = 100;
    let world = World::new().await;
    let app = world.app();
    let token: Arc<str> = good().into();
    let start = Arc::new(Barrier::new(CALLERS));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (app, token, start) = (app.clone(), Arc::clone(&token), Arc::clone(&start));
        callers.spawn(async move {
            start.wait().await;
            verify(&app, &token).await.is_ok()
        });
    }
    assert_eq!(callers.join_all().await, [true; CALLERS]);
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn ten_thousand_unknown_keys_cost_nothing_while_the_keys_are_fresh() {
    let world = World::new().await;
    let app = world.app();
    for number in 0..10_000 {
        assert_eq!(
            code(&app, &unknown(number)).await,
            Some(Code::AccessTokenInvalid)
        );
    }
    assert_eq!(world.fetches(), 1);
    world.later(3599);
    assert_eq!(
        code(&app, &unknown(0)).await,
        Some(Code::AccessTokenInvalid)
    );
    assert_eq!(world.fetches(), 1);
    world.later(1);
    for number in 0..10_000 {
        assert_eq!(
            code(&app, &unknown(number)).await,
            Some(Code::AccessTokenInvalid)
        );
    }
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_new_key_is_known_once_the_old_ones_are_old() {
    let world = World::new().await;
    let app = world.app();
    let rotated = sign(&with(header(), "kid", json!("three")), &claims(), &KEYS[2]);
    assert_eq!(code(&app, &rotated).await, Some(Code::AccessTokenInvalid));
    world.answers(|_| {
        (
            200,
            "max-age=60",
            json!({"keys": [jwk("three", &KEYS[2])]}).to_string(),
        )
    });
    assert_eq!(code(&app, &rotated).await, Some(Code::AccessTokenInvalid));
    world.later(3530);
    assert_eq!(code(&app, &good()).await, None);
    world.later(70);
    // An hour has passed: newly issued ones.
    let again = |kid: &str, key: &RsaKeyPair| {
        let later = with(claims(), "exp", json!(noon().as_second() + 7200));
        sign(&with(header(), "kid", json!(kid)), &later, key)
    };
    assert_eq!(code(&app, &again("three", &KEYS[2])).await, None);
    assert_eq!(
        code(&app, &again("one", &KEYS[0])).await,
        Some(Code::AccessTokenInvalid)
    );
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn while_the_keys_cannot_be_had_google_is_left_alone_and_old_ones_do_not_count() {
    let world = World::new().await;
    let app = world.app();
    assert_eq!(code(&app, &good()).await, None);
    world.later(3500);
    assert_eq!(code(&app, &good()).await, None);
    assert_eq!(world.fetches(), 1);

    world.answers(|_| (503, "", String::new()));
    world.later(100);
    for number in 0..1_000 {
        assert_eq!(code(&app, &good()).await, Some(Code::ServiceUnavailable));
        assert_eq!(
            code(&app, &unknown(number)).await,
            Some(Code::ServiceUnavailable)
        );
    }
    // One call with its retries.
    assert_eq!(world.fetches(), 1 + 3);
    world.later(4);
    assert_eq!(code(&app, &good()).await, Some(Code::ServiceUnavailable));
    assert_eq!(world.fetches(), 1 + 3);
    world.later(1);
    assert_eq!(code(&app, &good()).await, Some(Code::ServiceUnavailable));
    assert_eq!(world.fetches(), 1 + 6);

    world.answers(published);
    assert_eq!(code(&app, &good()).await, Some(Code::ServiceUnavailable));
    world.later(5);
    // There are keys again; the token itself has expired by now.
    assert_eq!(code(&app, &good()).await, Some(Code::AccessTokenExpired));
    assert_eq!(world.fetches(), 1 + 6 + 1);
}

#[tokio::test]
async fn a_passing_failure_is_retried_at_once() {
    let world = World::new().await;
    let failures = AtomicUsize::new(2);
    world.answers(move |asked| {
        let left = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        match left {
            Ok(_) => (500, "", String::new()),
            Err(_) => published(asked),
        }
    });
    assert_eq!(code(&world.app(), &good()).await, None);
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn what_is_no_set_of_keys_is_a_failure() {
    for (status, body) in [
        (200, ""),
        (200, "{}"),
        (200, r#"{"keys":[]}"#),
        (200, "<html>"),
        (404, r#"{"keys":[]}"#),
        (302, ""),
    ] {
        let world = World::new().await;
        world.answers(move |_| (status, "max-age=3600", body.to_owned()));
        let app = world.app();
        assert_eq!(
            code(&app, &good()).await,
            Some(Code::ServiceUnavailable),
            "{body}"
        );
        world.answers(published);
        world.later(5);
        assert_eq!(code(&app, &good()).await, None, "{body}");
    }
}

#[tokio::test]
async fn the_keys_may_be_elsewhere() {
    let world = World::new().await;
    world.answers(|asked| {
        assert_eq!(asked.path, "/keys");
        published(&Asked {
            path: KEYS_PATH.into(),
            ..asked.clone()
        })
    });
    let url = format!("http://{}/keys", world.address);
    let app = world.app_with(&[("FIREBASE_KEYS_URL", &url)]);
    assert_eq!(code(&app, &good()).await, None);
}

/// Connections over which nothing comes.
#[derive(Clone, Debug, Default)]
struct Silent(Arc<AtomicUsize>);

impl HttpClient for Silent {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Silent {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.0.fetch_add(1, Ordering::SeqCst);
        HttpConnectorFuture::new(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn google_is_not_waited_for_longer_than_eight_seconds() {
    let silent = Silent::default();
    let now = Arc::new(Mutex::new(noon()));
    let app = app(&[], &now, SharedHttpClient::new(silent.clone()));
    let started = tokio::time::Instant::now();
    assert_eq!(code(&app, &good()).await, Some(Code::ServiceUnavailable));
    let took = started.elapsed().as_secs_f64();
    assert!((7.5..=8.1).contains(&took), "{took}");
    assert_eq!(code(&app, &good()).await, Some(Code::ServiceUnavailable));
    assert!(started.elapsed().as_secs_f64() - took < 0.1);
    assert_eq!(silent.0.load(Ordering::SeqCst), 3);
}
