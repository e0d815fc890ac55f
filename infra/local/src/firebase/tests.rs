//! The emulator as an SDK speaks to it; the SDK itself does in `tests/e2e/firebase.rs`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicI64, Ordering};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;

use super::*;

mod passwords;
mod server;

const APP: &str = "/identitytoolkit.googleapis.com/v1/accounts:";
const SERVER: &str = "/identitytoolkit.googleapis.com/v1/projects/demo-enishi/accounts:";
const TOKEN: &str = "/securetoken.googleapis.com/v1/token";
const CODES: &str = "/emulator/v1/projects/demo-enishi/oobCodes";

struct World {
    firebase: Firebase,
    now: Arc<AtomicI64>,
}

impl World {
    fn new() -> Self {
        Self::kept(None)
    }

    fn kept(file: Option<PathBuf>) -> Self {
        let now = Arc::new(AtomicI64::new(1_795_172_400));
        let clock = Arc::clone(&now);
        let clock = move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap();
        let firebase = Firebase::open(Arc::new(clock), PROJECT, file).unwrap();
        Self { firebase, now }
    }

    fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    fn send(&self, request: http::request::Builder, body: &str) -> (u16, Value) {
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let response = self.firebase.handle(&request);
        let body = serde_json::from_slice(response.body()).unwrap();
        (response.status().as_u16(), body)
    }

    /// What an app asks.
    fn app(&self, operation: &str, body: Value) -> (u16, Value) {
        self.send(
            Request::post(format!("{APP}{operation}?key=any")),
            &body.to_string(),
        )
    }

    /// What a server asks.
    fn server(&self, operation: &str, body: Value) -> (u16, Value) {
        let request = Request::post(format!("{SERVER}{operation}"));
        self.send(
            request.header("authorization", "Bearer owner"),
            &body.to_string(),
        )
    }

    #[track_caller]
    fn app_ok(&self, operation: &str, body: Value) -> Value {
        let (status, body) = self.app(operation, body);
        assert_eq!(status, 200, "{body}");
        body
    }

    fn refresh(&self, token: &Value) -> (u16, Value) {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token.as_str().unwrap())
            .finish();
        self.send(Request::post(format!("{TOKEN}?key=any")), &form)
    }

    fn sign_up(&self, email: &str) -> Value {
        self.app_ok(
            "signUp",
            json!({"email": email, "password": "secret", "returnSecureToken": true}),
        )
    }

    fn codes(&self) -> Vec<Value> {
        let (_, body) = self.send(Request::get(CODES).header("host", "127.0.0.1:3001"), "");
        body["oobCodes"].as_array().unwrap().clone()
    }
}

#[track_caller]
fn refused(answer: (u16, Value), status: u16, message: &str) {
    assert_eq!(answer.0, status, "{}", answer.1);
    let error = &answer.1["error"];
    assert_eq!(error["code"], status);
    assert_eq!(
        error["message"]
            .as_str()
            .unwrap()
            .split(" : ")
            .next()
            .unwrap(),
        message
    );
    assert_eq!(error["errors"][0]["message"], error["message"]);
}

fn claims(token: &Value) -> Value {
    let parts: Vec<&str> = token.as_str().unwrap().split('.').collect();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[2], "");
    let header = BASE64_URL_SAFE_NO_PAD.decode(parts[0]).unwrap();
    assert_eq!(header, br#"{"alg":"none","typ":"JWT"}"#);
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap()
}

#[test]
fn somebody_signs_up_signs_in_and_refreshes() {
    let world = World::new();
    let up = world.sign_up("Hana@Example.com");
    let uid = up["localId"].as_str().unwrap();
    assert_eq!(uid.len(), 28);
    assert_eq!(up["expiresIn"], "3600");
    assert_eq!(
        claims(&up["idToken"]),
        json!({
            "iss": "https://securetoken.google.com/demo-enishi",
            "aud": "demo-enishi",
            "sub": uid,
            "user_id": uid,
            "iat": 1_795_172_400,
            "exp": 1_795_176_000,
            "auth_time": 1_795_172_400,
            "email": "hana@example.com",
            "email_verified": false,
            "firebase": {
                "identities": {"email": ["hana@example.com"]},
                "sign_in_provider": "password",
            },
        })
    );
    world.later(10);
    let credentials = json!({"email": "hana@EXAMPLE.com", "password": "secret"});
    let signed_in = world.app_ok("signInWithPassword", credentials);
    assert_eq!(signed_in["localId"], uid);
    assert_eq!(claims(&signed_in["idToken"])["auth_time"], 1_795_172_410);
    world.later(3600);
    let (status, refreshed) = world.refresh(&signed_in["refreshToken"]);
    assert_eq!(status, 200);
    assert_eq!(refreshed["user_id"], uid);
    assert_eq!(refreshed["expires_in"], "3600");
    assert_eq!(refreshed["access_token"], refreshed["id_token"]);
    let claims = claims(&refreshed["id_token"]);
    // The log-in is still the same.
    assert_eq!(claims["auth_time"], 1_795_172_410);
    assert_eq!(claims["iat"], 1_795_176_010);
    assert_eq!(world.refresh(&refreshed["refresh_token"]).0, 200);
}

#[test]
fn what_is_wrong_is_refused_as_google_refuses_it() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let token = &up["idToken"];
    let email = "hana@example.com";
    for (operation, body, message) in [
        (
            "signUp",
            json!({"email": "HANA@example.com", "password": "secret"}),
            "EMAIL_EXISTS",
        ),
        (
            "signUp",
            json!({"email": "kenji", "password": "secret"}),
            "INVALID_EMAIL",
        ),
        (
            "signUp",
            json!({"email": "k@e.com", "password": "short"}),
            "WEAK_PASSWORD",
        ),
        ("signUp", json!({"email": "k@e.com"}), "MISSING_PASSWORD"),
        ("signUp", json!({"password": "secret"}), "MISSING_EMAIL"),
        ("signUp", json!({}), "ADMIN_ONLY_OPERATION"),
        (
            "signInWithPassword",
            json!({"email": email, "password": "another"}),
            "INVALID_LOGIN_CREDENTIALS",
        ),
        (
            "signInWithPassword",
            json!({"email": "k@e.com", "password": "secret"}),
            "INVALID_LOGIN_CREDENTIALS",
        ),
        (
            "signInWithPassword",
            json!({"email": email}),
            "MISSING_PASSWORD",
        ),
        ("lookup", json!({}), "MISSING_ID_TOKEN"),
        ("lookup", json!({"idToken": "a.b.c"}), "INVALID_ID_TOKEN"),
        (
            "lookup",
            json!({"localId": [up["localId"]]}),
            "MISSING_ID_TOKEN",
        ),
        ("update", json!({"displayName": "x"}), "INVALID_REQ_TYPE"),
        (
            "update",
            json!({"idToken": token, "disableUser": false}),
            "OPERATION_NOT_ALLOWED",
        ),
        (
            "update",
            json!({"idToken": token, "emailVerified": true}),
            "OPERATION_NOT_ALLOWED",
        ),
        (
            "update",
            json!({"localId": up["localId"], "displayName": "x"}),
            "INVALID_REQ_TYPE",
        ),
        ("update", json!({"oobCode": "unknown"}), "INVALID_OOB_CODE"),
        ("sendOobCode", json!({"idToken": token}), "MISSING_REQ_TYPE"),
    ] {
        refused(world.app(operation, body), 400, message);
    }
    refused(
        world.refresh(&json!("unknown")),
        400,
        "INVALID_REFRESH_TOKEN",
    );
    let request = |uri: &str| Request::post(uri.to_owned());
    refused(
        world.send(request(&format!("{TOKEN}?key=any")), ""),
        400,
        "MISSING_GRANT_TYPE",
    );
    let body = "grant_type=password";
    refused(
        world.send(request(&format!("{TOKEN}?key=any")), body),
        400,
        "INVALID_GRANT_TYPE",
    );
    let (status, body) = world.send(request(&format!("{APP}signUp?key=any")), "{");
    assert_eq!(
        (status, &body["error"]["status"]),
        (400, &json!("INVALID_ARGUMENT"))
    );
}

#[test]
fn an_app_needs_a_key_and_a_server_its_token() {
    let world = World::new();
    for path in [
        format!("{APP}signUp"),
        format!("{APP}signUp?key="),
        TOKEN.into(),
    ] {
        let (status, body) = world.send(Request::post(path), "{}");
        assert_eq!(
            (status, &body["error"]["status"]),
            (403, &json!("PERMISSION_DENIED"))
        );
    }
    let update = json!({"localId": "u1", "disableUser": true}).to_string();
    for authorization in ["", "Bearer other", "owner"] {
        let request =
            Request::post(format!("{SERVER}update")).header("authorization", authorization);
        let (status, body) = world.send(request, &update);
        assert_eq!(
            (status, &body["error"]["status"]),
            (401, &json!("UNAUTHENTICATED"))
        );
    }
    refused(
        world.server("update", json!({"localId": "u1"})),
        400,
        "USER_NOT_FOUND",
    );
    let elsewhere = SERVER.replace(PROJECT, "another");
    let request =
        Request::post(format!("{elsewhere}update")).header("authorization", "Bearer owner");
    assert_eq!(world.send(request, &update).0, 404);
    for path in [
        format!("{APP}signInWithIdp?key=any"),
        "/emulator/action?mode=resetPassword".into(),
    ] {
        assert_eq!(world.send(Request::post(path), "{}").0, 404);
    }
}

#[test]
fn an_account_is_looked_up_changed_and_deleted() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let token = &up["idToken"];
    let change = json!({"idToken": token, "displayName": "Hana", "returnSecureToken": true});
    let changed = world.app_ok("update", change);
    assert_eq!(claims(&changed["idToken"])["name"], "Hana");
    let user = world.app_ok("lookup", json!({"idToken": token}))["users"][0].clone();
    assert_eq!(user["displayName"], "Hana");
    assert_eq!(user["createdAt"], "1795172400000");
    assert_eq!(user["providerUserInfo"][0]["providerId"], "password");

    world.later(1);
    let change = json!({"idToken": token, "password": "another"});
    let changed = world.app_ok("update", change);
    refused(
        world.app("lookup", json!({"idToken": token})),
        400,
        "TOKEN_EXPIRED",
    );
    refused(world.refresh(&up["refreshToken"]), 400, "TOKEN_EXPIRED");
    let credentials = |password: &str| json!({"email": "hana@example.com", "password": password});
    refused(
        world.app("signInWithPassword", credentials("secret")),
        400,
        "INVALID_LOGIN_CREDENTIALS",
    );
    world.app_ok("signInWithPassword", credentials("another"));

    world.sign_up("kenji@example.com");
    let token = &changed["idToken"];
    let change = json!({"idToken": token, "email": "kenji@example.com"});
    refused(world.app("update", change), 400, "EMAIL_EXISTS");
    assert_eq!(world.refresh(&changed["refreshToken"]).0, 200);
    world.app_ok("delete", json!({"idToken": token}));
    refused(
        world.app("lookup", json!({"idToken": token})),
        400,
        "USER_NOT_FOUND",
    );
    refused(
        world.refresh(&changed["refreshToken"]),
        400,
        "USER_NOT_FOUND",
    );
}

#[test]
fn a_disabled_account_can_do_nothing() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let disable = |disabled: bool| {
        let body = json!({"localId": up["localId"], "disableUser": disabled});
        assert_eq!(world.server("update", body).0, 200);
    };
    disable(true);
    disable(true);
    let credentials = json!({"email": "hana@example.com", "password": "secret"});
    refused(
        world.app("signInWithPassword", credentials.clone()),
        400,
        "USER_DISABLED",
    );
    refused(
        world.app("lookup", json!({"idToken": up["idToken"]})),
        400,
        "USER_DISABLED",
    );
    refused(world.refresh(&up["refreshToken"]), 400, "USER_DISABLED");
    let (_, found) = world.server("lookup", json!({"email": ["hana@example.com"]}));
    assert_eq!(found["users"][0]["disabled"], true);
    disable(false);
    world.app_ok("signInWithPassword", credentials);
    assert_eq!(world.refresh(&up["refreshToken"]).0, 200);
    assert_eq!(
        world.server("delete", json!({"localId": up["localId"]})).0,
        200
    );
    let (_, found) = world.server("lookup", json!({"localId": [up["localId"]]}));
    assert_eq!(found.get("users"), None);
}

#[test]
fn an_address_is_verified_by_the_mail_that_went_nowhere() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let send = || {
        let body = json!({"requestType": "VERIFY_EMAIL", "idToken": up["idToken"], "continueUrl": "http://localhost/a?b=c"});
        assert_eq!(
            world.app_ok("sendOobCode", body)["email"],
            "hana@example.com"
        );
    };
    send();
    send();
    let codes = world.codes();
    assert_eq!(codes.len(), 2);
    assert_eq!(codes[0]["email"], "hana@example.com");
    assert_eq!(codes[0]["requestType"], "VERIFY_EMAIL");
    let applied = world.app_ok("update", json!({"oobCode": codes[0]["oobCode"]}));
    assert_eq!(applied["emailVerified"], true);
    let again = world.app("update", json!({"oobCode": codes[0]["oobCode"]}));
    refused(again, 400, "INVALID_OOB_CODE");
    assert_eq!(
        claims(&world.refresh(&up["refreshToken"]).1["id_token"])["email_verified"],
        true
    );

    // The other mail's link, after the address has changed.
    let change = json!({"idToken": up["idToken"], "email": "new@example.com"});
    assert_eq!(world.app_ok("update", change)["emailVerified"], false);
    let link = codes[1]["oobLink"].as_str().unwrap();
    let link = link.strip_prefix("http://127.0.0.1:3001").unwrap();
    refused(world.send(Request::get(link), ""), 400, "INVALID_OOB_CODE");
    send_and_follow(&world, &up["idToken"]);
}

fn send_and_follow(world: &World, token: &Value) {
    world.app_ok(
        "sendOobCode",
        json!({"requestType": "VERIFY_EMAIL", "idToken": token}),
    );
    let link = world.codes()[0]["oobLink"].as_str().unwrap().to_owned();
    let link = link.strip_prefix("http://127.0.0.1:3001").unwrap();
    let (status, body) = world.send(Request::get(link), "");
    assert_eq!((status, &body["emailVerified"]), (200, &json!(true)));
}

#[test]
fn any_page_may_ask() {
    let world = World::new();
    let preflight = Request::options(format!("{APP}signUp?key=any"))
        .header("origin", "https://shop.test")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,x-client-version",
        )
        .header("access-control-request-private-network", "true")
        .body(Bytes::new())
        .unwrap();
    let response = world.firebase.handle(&preflight);
    assert_eq!(response.status(), 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://shop.test"),
        ("access-control-allow-methods", "GET,POST,DELETE"),
        (
            "access-control-allow-headers",
            "content-type,x-client-version",
        ),
        ("access-control-allow-private-network", "true"),
        ("vary", "Origin"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    let refused = Request::post(format!("{APP}signUp")).header("origin", "https://shop.test");
    let response = world.firebase.handle(&refused.body(Bytes::new()).unwrap());
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://shop.test"
    );
}

#[test]
fn accounts_are_kept_from_one_start_to_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("firebase.json");
    let world = World::kept(Some(file.clone()));
    let up = world.sign_up("hana@example.com");
    world.app_ok(
        "sendOobCode",
        json!({"requestType": "VERIFY_EMAIL", "idToken": up["idToken"]}),
    );
    let world = World::kept(Some(file.clone()));
    world.app_ok("lookup", json!({"idToken": up["idToken"]}));
    assert_eq!(world.refresh(&up["refreshToken"]).0, 200);
    assert_eq!(world.codes().len(), 1);
    let empty = Request::delete("/emulator/v1/projects/demo-enishi/accounts");
    assert_eq!(world.send(empty, "").0, 200);
    let world = World::kept(Some(file.clone()));
    refused(
        world.app("lookup", json!({"idToken": up["idToken"]})),
        400,
        "USER_NOT_FOUND",
    );
    assert_eq!(world.codes().len(), 0);

    std::fs::write(&file, "{").unwrap();
    let now = Arc::new(Timestamp::now);
    let Err(message) = Firebase::open(now, PROJECT, Some(file)) else {
        panic!("no accounts were read");
    };
    assert!(message.contains("--fresh"), "{message}");
}
