//! A forgotten password.

use super::*;

#[test]
fn a_forgotten_password_is_set_anew_with_the_mails_code_once() {
    let world = World::new();
    let up = world.sign_up("hana@example.com");
    let ask = |email: &str| {
        let body = json!({"requestType": "PASSWORD_RESET", "email": email, "continueUrl": "http://localhost/"});
        world.app_ok("sendOobCode", body)
    };
    assert_eq!(ask("Hana@example.com")["email"], "hana@example.com");
    // Whether an account exists is not told.
    assert_eq!(ask("nobody@example.com")["email"], "nobody@example.com");
    let codes = world.codes();
    assert_eq!(codes.len(), 1);
    assert_eq!(codes[0]["requestType"], "PASSWORD_RESET");
    let code = &codes[0]["oobCode"];

    let verify = json!({"oobCode": code});
    refused(world.app("update", verify.clone()), 400, "INVALID_OOB_CODE");
    let told = world.app_ok("resetPassword", verify);
    assert_eq!(told["email"], "hana@example.com");
    assert_eq!(told["requestType"], "PASSWORD_RESET");
    let reset = |password: &str| json!({"oobCode": code, "newPassword": password});
    refused(
        world.app("resetPassword", reset("short")),
        400,
        "WEAK_PASSWORD",
    );
    world.later(1);
    world.app_ok("resetPassword", reset("another"));
    refused(
        world.app("resetPassword", reset("third one")),
        400,
        "INVALID_OOB_CODE",
    );

    refused(world.refresh(&up["refreshToken"]), 400, "TOKEN_EXPIRED");
    let credentials = |password: &str| json!({"email": "hana@example.com", "password": password});
    let old = world.app("signInWithPassword", credentials("secret"));
    refused(old, 400, "INVALID_LOGIN_CREDENTIALS");
    let signed_in = world.app_ok("signInWithPassword", credentials("another"));
    // Who has the code has read the mail.
    assert_eq!(claims(&signed_in["idToken"])["email_verified"], true);
}

#[test]
fn the_mails_link_sets_a_password_too() {
    let world = World::new();
    world.sign_up("hana@example.com");
    let body = json!({"requestType": "PASSWORD_RESET", "email": "hana@example.com"});
    world.app_ok("sendOobCode", body);
    let link = world.codes()[0]["oobLink"].as_str().unwrap().to_owned();
    let link = link.strip_prefix("http://127.0.0.1:3001").unwrap();
    assert!(link.contains("mode=resetPassword"), "{link}");
    assert_eq!(world.send(Request::get(link), "").0, 400);
    let (status, body) = world.send(Request::get(format!("{link}&newPassword=another")), "");
    assert_eq!((status, &body["email"]), (200, &json!("hana@example.com")));
    let credentials = json!({"email": "hana@example.com", "password": "another"});
    world.app_ok("signInWithPassword", credentials);
}
