//! The catalogue of errors: what each code means, and what a client does about it. A code without an entry does not
//! compile.

use enishi_shared::error::{Code, FieldCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Puts the catalogue beside the codes, as `x-errors`: by code its status, its meaning and its remedy.
pub fn describe(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    catalogue::<Code>(&mut schemas["Code"], |code| {
        let (meaning, remedy) = of(code);
        json!({"status": code.status().as_u16(), "meaning": meaning, "remedy": remedy})
    });
    catalogue::<FieldCode>(&mut schemas["FieldCode"], |code| {
        let (meaning, remedy) = of_field(code);
        json!({"meaning": meaning, "remedy": remedy})
    });
}

fn catalogue<T: DeserializeOwned>(schema: &mut Value, entry: impl Fn(T) -> Value) {
    let codes = schema["enum"].as_array().into_iter().flatten();
    let entries: Map<_, _> = codes
        .filter_map(|name| {
            let code = serde_json::from_value(name.clone()).ok()?;
            Some((name.as_str()?.to_owned(), entry(code)))
        })
        .collect();
    schema["x-errors"] = entries.into();
}

fn of(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::InvalidFormat => (
            "The body is not JSON, or is not sent as `application/json`.",
            "Mend the program: no input of a person's leads here.",
        ),
        Code::InvalidParameter => (
            "A value is missing or wrong; `errors` names each field, and `rule` what it has to be.",
            "Show the fault beside its field, and send it again once it is changed.",
        ),
        Code::AccessTokenExpired => (
            "The access token is older than 15 minutes.",
            "Refresh it (`POST /api/auth/refresh`, or `PUT /api/session` with the cookie) and send the request once \
             more.",
        ),
        Code::AccessTokenInvalid => (
            "There is no token, it is not one of ours, or its session or account has ended.",
            "Refresh it once; where that is refused too, let the person log in.",
        ),
        Code::InvalidCredentials => (
            "The address, the password, the refresh token or the session key is wrong.",
            "Let the person log in anew; refreshing does not help.",
        ),
        Code::Forbidden => (
            "The caller is known, and may not do this.",
            "Do not try again. `message` says what is missing, such as a verified address.",
        ),
        Code::ProfileMissing => (
            "The account has no profile of this product yet.",
            "Lead to the product's sign-up, with the token of the account.",
        ),
        Code::QuotaExceeded => (
            "What was bought, or is free, is used up.",
            "Say so, and lead to where more can be bought.",
        ),
        Code::NotFound => (
            "It does not exist, or belongs to somebody else.",
            "Do not try again; leave the page, or ask for the list anew.",
        ),
        Code::MethodNotAllowed => (
            "The path is there and does not take this method; `Allow` lists those it takes.",
            "Mend the program.",
        ),
        Code::RequestTimeout => (
            "There was no answer within 10 seconds; what was asked may have been done.",
            "Send it again, with the same `Idempotency-Key`.",
        ),
        Code::Conflict => (
            "Its present state does not allow it: somebody was faster, or it is too late.",
            "Ask how it stands and show that; the same request may succeed in another state. Where `errors` says \
             `already_exists`, another value is needed.",
        ),
        Code::PayloadTooLarge => (
            "The body is larger than 256 KB.",
            "Send less. Files go to the address that an upload's endpoint answers.",
        ),
        Code::TooManyRequests => (
            "Too many attempts in a time.",
            "Wait for the seconds of `Retry-After`, and say so where a person waits.",
        ),
        Code::InternalServerError => (
            "Something went wrong on our side.",
            "Send it again a few times with a growing pause and the same `Idempotency-Key`; then show that it failed, \
             with the header `apigw-requestid` for whoever looks after it.",
        ),
        Code::ServiceUnavailable => (
            "Something that is needed does not answer, or the rooms are being drawn.",
            "Send it again after the seconds of `Retry-After`, with the same `Idempotency-Key`.",
        ),
    }
}

fn of_field(code: FieldCode) -> (&'static str, &'static str) {
    match code {
        FieldCode::Missing => (
            "What the field names does not exist.",
            "Let the person choose something else.",
        ),
        FieldCode::MissingField => ("The field is required and was not given.", "Ask for it."),
        FieldCode::Invalid => (
            "Its form or value is wrong; `rule` says what it has to be.",
            "Show the rule beside the field.",
        ),
        FieldCode::AlreadyExists => (
            "Another resource already has this value.",
            "Ask for another one, or lead to the log-in.",
        ),
    }
}
