//! Webhooks: what is taken and what is not.

use proptest::prelude::*;

use super::*;
use crate::error::Code;

const ACCOUNT: &str = "whsec_account";
const CONNECT: &str = "whsec_connect";
const PREVIOUS: &str = "whsec_previous";
const PAYLOAD: &str = r#"{"id":"evt_1","object":"event","type":"checkout.session.completed",
    "created":1800000000,"livemode":false,"api_version":"2026-09-30.endive","request":null,
    "data":{"object":{"id":"cs_test_1","object":"checkout.session","status":"complete"}}}"#;
const SENT: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn signature(time: &str, payload: &str, secret: &str) -> String {
    let signed = format!("{time}.{payload}");
    crate::seal::hmac_sha256(secret.as_bytes(), signed.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn signed(secret: &str) -> String {
    let time = SENT.to_string();
    format!("t={time},v1={}", signature(&time, PAYLOAD, secret))
}

fn verified(payload: &str, header: &str, now: i64) -> Result<Event, Error> {
    verify(
        payload.as_bytes(),
        header,
        &[ACCOUNT, CONNECT, PREVIOUS],
        at(now),
    )
}

#[test]
fn an_event_signed_with_any_configured_secret_is_taken() {
    for secret in [ACCOUNT, CONNECT, PREVIOUS] {
        let event = verified(PAYLOAD, &signed(secret), SENT).unwrap();
        assert_eq!(event.id, "evt_1");
        assert_eq!(event.kind, "checkout.session.completed");
        assert_eq!(event.created, at(SENT));
        assert_eq!(event.account, None);
        assert!(!event.livemode);
        assert_eq!(event.data.object.id, "cs_test_1");
        assert_eq!(event.data.object.object, "checkout.session");
    }
}

#[test]
fn a_connected_accounts_event_names_the_account() {
    let payload = PAYLOAD.replacen("{", r#"{"account":"acct_1","#, 1);
    let header = format!("t={SENT},v1={}", signature("1800000000", &payload, CONNECT));
    let event = verified(&payload, &header, SENT).unwrap();
    assert_eq!(event.account.as_deref(), Some("acct_1"));
}

#[test]
fn one_good_signature_among_several_is_enough() {
    let good = signature("1800000000", PAYLOAD, PREVIOUS);
    let wrong = signature("1800000000", PAYLOAD, "whsec_other");
    for header in [
        format!("t={SENT},v1={wrong},v1={good}"),
        format!("t={SENT},v1={good},v1={wrong},v0={wrong}"),
        format!("v1={good},t={SENT}"),
        format!("t={SENT}, v1={good}"),
        format!("t={SENT},v1=nothex,v1={}", good.to_uppercase()),
    ] {
        assert!(verified(PAYLOAD, &header, SENT).is_ok(), "{header}");
    }
}

#[test]
fn five_minutes_either_way_are_taken_and_a_second_more_is_not() {
    for (now, taken) in [
        (SENT - 301, false),
        (SENT - 300, true),
        (SENT + 300, true),
        (SENT + 301, false),
        (SENT + 3 * 86_400, false),
    ] {
        let event = verified(PAYLOAD, &signed(ACCOUNT), now);
        assert_eq!(event.is_ok(), taken, "{now}");
    }
}

#[test]
fn what_stripe_did_not_sign_is_400() {
    let good = signature("1800000000", PAYLOAD, ACCOUNT);
    let other = signature("1800000000", PAYLOAD, "whsec_other");
    let v1 = |value: &str| format!("t={SENT},v1={value}");
    for (what, header) in [
        ("no header", String::new()),
        ("no time", format!("v1={good}")),
        ("no value", format!("t={SENT}")),
        ("an empty value", v1("")),
        ("another scheme", format!("t={SENT},v0={good}")),
        ("another secret", v1(&other)),
        ("a value cut short", v1(&good[..62])),
        ("a value too long", v1(&format!("{good}00"))),
        ("no hex", v1(&"g".repeat(64))),
        ("wide characters", v1(&"あ".repeat(22))),
        ("another time", format!("t={},v1={good}", SENT + 1)),
        ("two times", format!("t={SENT},t={SENT},v1={good}")),
        ("a time with a sign", format!("t=+{SENT},v1={good}")),
        ("a time in words", format!("t=now,v1={good}")),
        ("an endless time", format!("t={},v1={good}", "9".repeat(40))),
        ("no pair", format!("{SENT},{good}")),
        (
            "a signature of the body alone",
            v1(&{
                let plain = crate::seal::hmac_sha256(ACCOUNT.as_bytes(), PAYLOAD.as_bytes());
                plain
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<String>()
            }),
        ),
        ("an empty secret", v1(&signature("1800000000", PAYLOAD, ""))),
    ] {
        let error = verified(PAYLOAD, &header, SENT).unwrap_err();
        assert_eq!(error.code(), Code::InvalidParameter, "{what}");
        assert_eq!(error.code().status(), 400, "{what}");
    }
    let none = verify(PAYLOAD.as_bytes(), &signed(ACCOUNT), &[], at(SENT));
    assert!(none.is_err(), "no secret is configured");
    let empty = v1(&signature("1800000000", PAYLOAD, ""));
    let none = verify(PAYLOAD.as_bytes(), &empty, &[""], at(SENT));
    assert!(none.is_err(), "the configured secret is empty");
}

#[test]
fn a_signed_event_of_an_unknown_form_is_our_fault() {
    for payload in ["", "null", "{}", r#"{"id":"evt_1"}"#] {
        let header = format!("t={SENT},v1={}", signature("1800000000", payload, ACCOUNT));
        let error = verified(payload, &header, SENT).unwrap_err();
        assert_eq!(error.code(), Code::InternalServerError, "{payload}");
    }
}

proptest! {
    #[test]
    fn a_payload_that_was_touched_anywhere_is_refused(place in 0..PAYLOAD.len(), bit in 0..8_u32) {
        let mut payload = PAYLOAD.as_bytes().to_vec();
        payload[place] ^= 1 << bit;
        let event = verify(&payload, &signed(ACCOUNT), &[ACCOUNT], at(SENT));
        prop_assert_eq!(event.unwrap_err().code(), Code::InvalidParameter);
    }

    #[test]
    fn no_header_makes_it_fail_otherwise(header in "([tv]?[01]?=?[0-9a-f]{0,66},?){0,4}") {
        if let Err(error) = verified(PAYLOAD, &header, SENT) {
            prop_assert_eq!(error.code(), Code::InvalidParameter);
        }
    }
}
