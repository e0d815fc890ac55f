//! Disabling an account.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::*;
use crate::{
    error::Code,
    firebase::{disable_account, enable_account, verify},
};

const TOKEN_PATH: &str = "/oauth2.googleapis.com/token";
const UPDATE_PATH: &str = "/identitytoolkit.googleapis.com/v1/projects/enishi-test/accounts:update";
const SECRET: &str = "arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:firebase";

/// Google with accounts: tokens `ya29.secret0`, `ya29.secret1` …, each for an hour; `update` answers
/// for the account's change.
fn google(update: impl Fn(&Asked) -> Answer + Send + 'static) -> impl Fn(&Asked) -> Answer + Send {
    let granted = Mutex::new(0);
    move |asked| match asked.path.as_str() {
        "/" => {
            let secret = json!({"ARN": SECRET, "Name": "firebase", "SecretString": key_file()});
            (200, "", secret.to_string())
        }
        TOKEN_PATH => {
            let mut granted = granted.lock().unwrap();
            let token = format!("ya29.secret{granted}");
            *granted += 1;
            let grant = json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"});
            (200, "", grant.to_string())
        }
        UPDATE_PATH => update(asked),
        _ => (404, "", String::new()),
    }
}

fn done(_: &Asked) -> Answer {
    (200, "", json!({"localId": "u1"}).to_string())
}

fn refused(status: u16, message: &str) -> Answer {
    let body = json!({"error": {"code": status, "message": message}});
    (status, "", body.to_string())
}

async fn world(update: impl Fn(&Asked) -> Answer + Send + 'static) -> (World, App) {
    let world = World::new().await;
    world.answers(google(update));
    let app = world.app_with(&[("FIREBASE_SERVICE_ACCOUNT_SECRET", SECRET)]);
    (world, app)
}

#[tokio::test]
async fn an_account_is_disabled_as_the_service_account() {
    let (world, app) = world(done).await;
    disable_account(&app, "u1").await.unwrap();
    let updates = world.asked(UPDATE_PATH);
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].authorization, "Bearer ya29.secret0");
    let body: Value = serde_json::from_str(&updates[0].body).unwrap();
    assert_eq!(body, json!({"localId": "u1", "disableUser": true}));

    // What the service account proved itself with.
    let grant = &world.asked(TOKEN_PATH)[0].body;
    let form: HashMap<String, String> = form_urlencoded::parse(grant.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(
        form["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KEYS[2].public_key())
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let parts: Vec<Value> = signed
        .split('.')
        .map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    let now = noon().as_second();
    assert_eq!(
        parts[1],
        json!({
            "iss": "server@enishi-test.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/identitytoolkit",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": now,
            "exp": now + 3600,
        })
    );
}

#[tokio::test]
async fn an_account_is_enabled_again() {
    let (world, app) = world(done).await;
    enable_account(&app, "u1").await.unwrap();
    let body: Value = serde_json::from_str(&world.asked(UPDATE_PATH)[0].body).unwrap();
    assert_eq!(body, json!({"localId": "u1", "disableUser": false}));
}

#[tokio::test]
async fn an_access_token_is_kept_until_a_minute_before_it_ends() {
    let (world, app) = world(done).await;
    for (later, granted) in [(0, 1), (3538, 1), (1, 2), (3538, 2), (1, 3)] {
        world.later(later);
        disable_account(&app, "u1").await.unwrap();
        assert_eq!(world.asked(TOKEN_PATH).len(), granted);
    }
}

#[tokio::test]
async fn disabling_again_and_disabling_nobody_is_done() {
    let (_world, app) = world(done).await;
    for _ in 0..2 {
        disable_account(&app, "u1").await.unwrap();
    }
    let (_world, app) = self::world(|_| refused(400, "USER_NOT_FOUND")).await;
    disable_account(&app, "u2").await.unwrap();
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_is_replaced_once() {
    let (world, app) = world(|asked| match asked.authorization.as_str() {
        "Bearer ya29.secret0" => refused(401, "Request had invalid authentication credentials."),
        _ => done(asked),
    })
    .await;
    disable_account(&app, "u1").await.unwrap();
    disable_account(&app, "u1").await.unwrap();
    assert_eq!(world.asked(TOKEN_PATH).len(), 2);
    assert_eq!(world.asked(UPDATE_PATH).len(), 3);

    let (world, app) =
        self::world(|_| refused(401, "Request had invalid authentication credentials.")).await;
    let error = disable_account(&app, "u1").await.unwrap_err();
    assert_eq!(error.code(), Code::InternalServerError);
    assert_eq!(world.asked(UPDATE_PATH).len(), 2);
}

#[tokio::test]
async fn what_passes_is_told_from_what_does_not() {
    for (status, message, code, attempts) in [
        (400, "INVALID_LOCAL_ID", Code::InternalServerError, 1),
        (403, "INSUFFICIENT_PERMISSION", Code::InternalServerError, 1),
        (429, "RESOURCE_EXHAUSTED", Code::ServiceUnavailable, 3),
        (500, "INTERNAL_ERROR", Code::ServiceUnavailable, 3),
        (503, "", Code::ServiceUnavailable, 3),
    ] {
        let (world, app) = world(move |_| refused(status, message)).await;
        let error = disable_account(&app, "u1").await.unwrap_err();
        assert_eq!(error.code(), code, "{status}");
        assert_eq!(world.asked(UPDATE_PATH).len(), attempts, "{status}");
    }
    // The token's own server, and a key file that is none.
    for (status, code) in [
        (400, Code::InternalServerError),
        (503, Code::ServiceUnavailable),
    ] {
        let (world, app) = world(done).await;
        let google = google(done);
        world.answers(move |asked| match asked.path.as_str() {
            TOKEN_PATH => (status, "", json!({"error": "invalid_grant"}).to_string()),
            _ => google(asked),
        });
        assert_eq!(disable_account(&app, "u1").await.unwrap_err().code(), code);
        assert_eq!(world.asked(UPDATE_PATH).len(), 0);
    }
    for file in [
        "",
        "{}",
        &key_file().replace("BEGIN", "BEGAN"),
        &key_file().replace("MII", "AAA"),
    ] {
        let (world, app) = world(done).await;
        let secret = json!({"SecretString": file}).to_string();
        world.answers(move |_| (200, "", secret.clone()));
        let error = disable_account(&app, "u1").await.unwrap_err();
        assert_eq!(error.code(), Code::InternalServerError);
        assert_eq!(world.asked(TOKEN_PATH).len(), 0);
    }
}

#[tokio::test]
async fn an_emulator_takes_its_owner_and_needs_no_service_account() {
    let world = World::new().await;
    world.answers(|asked| {
        if asked.path == UPDATE_PATH {
            done(asked)
        } else {
            refused(404, "")
        }
    });
    let app = world.app_with(&[("FIREBASE_AUTH_EMULATOR_HOST", &world.address)]);
    disable_account(&app, "u1").await.unwrap();
    assert_eq!(world.asked(UPDATE_PATH)[0].authorization, "Bearer owner");
    assert_eq!(world.asked(TOKEN_PATH).len(), 0);
}

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this process logs: a subscriber of one thread would miss what another thread's
/// test has come to first.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    tracing::callsite::rebuild_interest_cache();
    log
});

#[tokio::test]
async fn no_token_and_no_key_is_logged() {
    LazyLock::force(&LOG);
    let (world, app) = world(|_| refused(403, "CONFIGURATION_NOT_FOUND : u1")).await;
    assert!(disable_account(&app, "u1").await.is_err());
    assert!(verify(&app, &good()).await.is_err());
    let log = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("CONFIGURATION_NOT_FOUND"), "{log}");
    let grant = world.asked(TOKEN_PATH)[0].body.clone();
    let assertion = grant.split("assertion=").nth(1).unwrap();
    for secret in ["ya29", assertion, &good(), "PRIVATE KEY"] {
        assert!(!log.contains(secret), "{log}");
    }
}
