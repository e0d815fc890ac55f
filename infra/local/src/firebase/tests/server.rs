//! What a server does with accounts, and what is refused in place of being ignored.

use super::*;

impl World {
    #[track_caller]
    fn server_ok(&self, operation: &str, body: Value) -> Value {
        let (status, body) = self.server(operation, body);
        assert_eq!(status, 200, "{body}");
        body
    }

    /// `POST …/accounts`
    fn create(&self, body: Value) -> (u16, Value) {
        let request = Request::post(SERVER.trim_end_matches(':'));
        let request = request.header("authorization", "Bearer owner");
        self.send(request, &body.to_string())
    }

    fn list(&self, query: &str) -> (u16, Value) {
        let request = Request::get(format!("{SERVER}batchGet{query}"));
        self.send(request.header("authorization", "Bearer owner"), "")
    }

    fn found(&self, local_id: &str) -> Value {
        self.server_ok("lookup", json!({"localId": [local_id]}))["users"][0].clone()
    }
}

#[test]
fn a_server_creates_accounts() {
    let world = World::new();
    let (status, made) = world.create(json!({
        "localId": "hana", "email": "Hana@example.com", "password": "secret",
        "emailVerified": true, "displayName": "花", "disabled": false,
    }));
    assert_eq!(status, 200);
    assert_eq!(made["localId"], "hana");
    assert_eq!(made.get("idToken"), None);
    let credentials = json!({"email": "hana@example.com", "password": "secret"});
    let signed_in = world.app_ok("signInWithPassword", credentials);
    let of_token = claims(&signed_in["idToken"]);
    assert_eq!(
        (&of_token["sub"], &of_token["email_verified"]),
        (&json!("hana"), &json!(true))
    );

    // One without an address, which therefore nobody logs in to.
    let (_, nobody) = world.create(json!({}));
    let nobody = world.found(nobody["localId"].as_str().unwrap());
    assert_eq!(
        (&nobody["email"], &nobody["providerUserInfo"]),
        (&Value::Null, &json!([]))
    );

    for (body, message) in [
        (json!({"localId": "hana"}), "DUPLICATE_LOCAL_ID"),
        (json!({"email": "hana@example.com"}), "EMAIL_EXISTS"),
        (json!({"email": "hana"}), "INVALID_EMAIL"),
        (
            json!({"email": "k@e.com", "password": "short"}),
            "WEAK_PASSWORD",
        ),
    ] {
        refused(world.create(body), 400, message);
    }
    let request = Request::post(SERVER.trim_end_matches(':'));
    assert_eq!(world.send(request, "{}").0, 401);
    let own = world.app(
        "signUp",
        json!({"localId": "kenji", "email": "k@e.com", "password": "secret"}),
    );
    refused(own, 400, "UNEXPECTED_PARAMETER");
}

#[test]
fn a_server_lists_and_deletes_accounts() {
    let world = World::new();
    for id in ["a", "b", "c"] {
        let body =
            json!({"localId": id, "email": format!("{id}@example.com"), "password": "secret"});
        assert_eq!(world.create(body).0, 200);
    }
    let ids = |answer: &Value| -> Vec<String> {
        let users = answer["users"].as_array().into_iter().flatten();
        users
            .map(|user| user["localId"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, all) = world.list("");
    assert_eq!(
        (ids(&all), all.get("nextPageToken")),
        (vec!["a".into(), "b".into(), "c".into()], None)
    );
    let (_, first) = world.list("?maxResults=2");
    assert_eq!(ids(&first), ["a", "b"]);
    let token = first["nextPageToken"].as_str().unwrap();
    let (_, rest) = world.list(&format!("?maxResults=2&nextPageToken={token}"));
    assert_eq!(
        (ids(&rest), rest.get("nextPageToken")),
        (vec!["c".into()], None)
    );
    refused(world.list("?maxResults=1001"), 400, "INVALID_PAGE_SIZE");
    refused(
        world.list("?nextPageToken=x"),
        400,
        "INVALID_PAGE_SELECTION",
    );

    let disable = json!({"localId": "a", "disableUser": true});
    world.server_ok("update", disable);
    let answer = world.server_ok("batchDelete", json!({"localIds": ["a", "b", "nobody"]}));
    assert_eq!(answer["errors"][0]["localId"], "b");
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("NOT_DISABLED")
    );
    let answer = world.server_ok("batchDelete", json!({"localIds": ["b"], "force": true}));
    assert_eq!(answer, json!({}));
    assert_eq!(ids(&world.list("").1), ["c"]);
    refused(
        world.server("batchDelete", json!({})),
        400,
        "LOCAL_ID_LIST_EXCEEDS_LIMIT",
    );
}

#[test]
fn sessions_are_revoked_by_valid_since() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let uid = up["localId"].as_str().unwrap();
    world.later(10);
    // The Admin SDKs send a number, a 64-bit number is a text elsewhere.
    for since in [json!(1_795_172_410), json!("1795172410")] {
        world.server_ok("update", json!({"localId": uid, "validSince": since}));
        assert_eq!(world.found(uid)["validSince"], "1795172410");
        refused(world.refresh(&up["refreshToken"]), 400, "TOKEN_EXPIRED");
    }
    refused(
        world.app("lookup", json!({"idToken": up["idToken"]})),
        400,
        "TOKEN_EXPIRED",
    );
    let credentials = json!({"email": "hana@example.com", "password": "secret"});
    let again = world.app_ok("signInWithPassword", credentials);
    assert_eq!(world.refresh(&again["refreshToken"]).0, 200);
    let wrong = json!({"localId": uid, "validSince": "yesterday"});
    refused(
        world.server("update", wrong),
        400,
        "Invalid value at 'valid_since'",
    );
    let own = json!({"idToken": again["idToken"], "validSince": 0});
    refused(world.app("update", own), 400, "OPERATION_NOT_ALLOWED");
}

#[test]
fn an_accounts_own_claims_are_in_its_tokens() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let uid = &up["localId"];
    let set =
        |text: &str| world.server("update", json!({"localId": uid, "customAttributes": text}));
    assert_eq!(set(r#"{"role": "teacher", "level": 3}"#).0, 200);
    let of_token = claims(&world.refresh(&up["refreshToken"]).1["id_token"]);
    assert_eq!(
        (&of_token["role"], &of_token["level"]),
        (&json!("teacher"), &json!(3))
    );
    let shown = world.found(uid.as_str().unwrap());
    let shown: Value = serde_json::from_str(shown["customAttributes"].as_str().unwrap()).unwrap();
    assert_eq!(shown, json!({"role": "teacher", "level": 3}));

    refused(set("[]"), 400, "INVALID_CLAIMS");
    refused(set(r#"{"sub": "kenji"}"#), 400, "FORBIDDEN_CLAIM");
    let large = json!({"a": "x".repeat(1_000)}).to_string();
    refused(set(&large), 400, "CLAIMS_TOO_LARGE");
    let own = json!({"idToken": up["idToken"], "customAttributes": "{}"});
    refused(world.app("update", own), 400, "INSUFFICIENT_PERMISSION");
    assert_eq!(set("{}").0, 200);
    let of_token = claims(&world.refresh(&up["refreshToken"]).1["id_token"]);
    assert_eq!(of_token.get("role"), None);
}

#[test]
fn attributes_are_deleted() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let uid = up["localId"].as_str().unwrap();
    let change =
        json!({"localId": uid, "displayName": "花", "photoUrl": "https://example.com/a.png"});
    world.server_ok("update", change);
    let delete = |attributes: Value| {
        world.server_ok(
            "update",
            json!({"localId": uid, "deleteAttribute": attributes}),
        );
        world.found(uid)
    };
    let left = delete(json!(["DISPLAY_NAME", "PHOTO_URL"]));
    assert_eq!(
        (&left["displayName"], &left["photoUrl"]),
        (&Value::Null, &Value::Null)
    );
    let credentials = json!({"email": "hana@example.com", "password": "secret"});
    assert!(delete(json!(["PASSWORD"])).get("passwordHash").is_none());
    let without = world.app("signInWithPassword", credentials);
    refused(without, 400, "INVALID_LOGIN_CREDENTIALS");
    assert_eq!(delete(json!(["EMAIL"]))["email"], Value::Null);
    // The address is free again.
    world.sign_up("hana@example.com");
    let wrong = json!({"localId": uid, "deleteAttribute": ["NOSE"]});
    assert_eq!(world.server("update", wrong).0, 400);
}

#[test]
fn a_server_gets_the_links_of_mails() {
    let world = World::new();
    world.sign_up("hana@example.com");
    let ask = |kind: &str, email: &str| {
        let body = json!({"requestType": kind, "email": email, "returnOobLink": true});
        world.server("sendOobCode", body)
    };
    for (kind, mode, unknown) in [
        ("PASSWORD_RESET", "resetPassword", "EMAIL_NOT_FOUND"),
        ("VERIFY_EMAIL", "verifyEmail", "USER_NOT_FOUND"),
    ] {
        let (status, answer) = ask(kind, "hana@example.com");
        assert_eq!(status, 200);
        let (link, code) = (
            answer["oobLink"].as_str().unwrap(),
            answer["oobCode"].as_str().unwrap(),
        );
        assert!(
            link.contains(&format!("mode={mode}")) && link.contains(code),
            "{link}"
        );
        refused(ask(kind, "nobody@example.com"), 400, unknown);
    }
    let own = json!({"requestType": "PASSWORD_RESET", "email": "hana@example.com", "returnOobLink": true});
    refused(
        world.app("sendOobCode", own),
        400,
        "INSUFFICIENT_PERMISSION",
    );
    assert_eq!(ask("EMAIL_SIGNIN", "hana@example.com").0, 501);
}

#[test]
fn what_is_not_offered_is_refused_and_not_ignored() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let uid = &up["localId"];
    for body in [
        json!({"localId": uid, "phoneNumber": "+819012345678"}),
        json!({"localId": uid, "mfa": {"enrollments": []}}),
        json!({"localId": uid, "deleteProvider": ["phone"]}),
        json!({"localId": uid, "tenantId": "t1"}),
        json!({"localId": uid, "createdAt": "0"}),
    ] {
        assert_eq!(world.server("update", body.clone()).0, 501, "{body}");
    }
    // Another account is not linked to this one by it.
    let link = json!({"idToken": up["idToken"], "email": "b@example.com", "password": "secret"});
    assert_eq!(world.app("signUp", link).0, 501);
    let misspelt = json!({"localId": uid, "disabledUser": true});
    refused(
        world.server("update", misspelt),
        400,
        "Invalid JSON payload received. Unknown name \"disabledUser\": Cannot find field.",
    );
    // What an SDK says of itself, and what is empty, means nothing.
    let credentials = json!({
        "email": "hana@example.com", "password": "secret", "returnSecureToken": true,
        "clientType": "CLIENT_TYPE_WEB", "tenantId": null,
    });
    world.app_ok("signInWithPassword", credentials);
}
