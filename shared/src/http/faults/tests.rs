#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jiff::civil::Date;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::*;
use crate::http::{from_value, parse_json};

/// With every kind of rule.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Form {
    #[garde(length(chars, min = 1, max = 5), custom(capital))]
    #[schema(min_length = 1, max_length = 5, example = "Hana")]
    name: String,
    #[garde(skip)]
    #[schema(value_type = String, format = Date, example = "1995-03-02")]
    birth_date: Date,
    #[garde(range(min = 19, max = 120))]
    #[schema(minimum = 19, maximum = 120, example = 27)]
    age: Option<u8>,
    #[garde(skip)]
    gender: Gender,
    #[garde(dive)]
    preferences: Option<Preferences>,
    #[garde(dive, length(max = 2))]
    #[serde(default)]
    #[schema(max_items = 2)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Gender {
    Woman,
    Man,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Preferences {
    #[garde(range(min = 19))]
    #[schema(minimum = 19, example = 20)]
    min_age: u8,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Item {
    #[garde(range(min = 1))]
    #[schema(minimum = 1, example = 1)]
    quantity: u32,
}

fn capital<C>(name: &str, _: &C) -> garde::Result {
    match name.starts_with(char::is_uppercase) {
        true => Ok(()),
        false => Err(garde::Error::new("begins with a capital")),
    }
}

fn right() -> Value {
    json!({
        "name": "Aoi", "birth_date": "2000-01-01", "age": 26, "gender": "man",
        "preferences": {"min_age": 25}, "items": [{"quantity": 2}, {"quantity": 3}],
    })
}

/// The field at fault, what is put there (nothing: it is left out), and its rule.
fn faults() -> Vec<(&'static str, Option<Value>, &'static str)> {
    vec![
        ("name", None, "1–5 characters"),
        (
            "name",
            Some(json!("hana")),
            "1–5 characters, begins with a capital",
        ),
        ("name", Some(json!("Hanakosan")), "1–5 characters"),
        ("name", Some(json!(["Hana"])), "1–5 characters"),
        (
            "birth_date",
            Some(json!("2001-02-29")),
            "a date such as 1995-03-02",
        ),
        ("birth_date", None, "a date such as 1995-03-02"),
        ("age", Some(json!(12)), "a whole number, 19–120"),
        ("age", Some(json!("26")), "a whole number, 19–120"),
        ("gender", Some(json!("cat")), "one of woman, man"),
        ("gender", None, "one of woman, man"),
        ("preferences", Some(json!(3)), "an object"),
        ("preferences.min_age", None, "a whole number, at least 19"),
        (
            "preferences.min_age",
            Some(json!(3)),
            "a whole number, at least 19",
        ),
        ("preferences.colour", Some(json!("red")), "unknown field"),
        (
            "items[1].quantity",
            Some(json!(0)),
            "a whole number, at least 1",
        ),
        (
            "items[1].quantity",
            Some(json!(null)),
            "a whole number, at least 1",
        ),
        ("items[0].colour", Some(json!("red")), "unknown field"),
        ("colour", Some(json!("red")), "unknown field"),
    ]
}

fn spoil(request: &mut Value, field: &str, value: Option<Value>) {
    let pointer = format!("/{}", field.replace(['.', '['], "/").replace(']', ""));
    let (around, key) = pointer.rsplit_once('/').unwrap();
    if let Some(Value::Object(object)) = request.pointer_mut(around) {
        match value {
            Some(value) => object.insert(key.to_owned(), value),
            None => object.remove(key),
        };
    }
}

fn told(error: Error) -> BTreeMap<String, String> {
    assert_eq!(error.code(), crate::error::Code::InvalidParameter);
    let errors = error.body().errors.into_iter();
    errors
        .map(|error| (error.field, error.rule.unwrap().into_owned()))
        .collect()
}

#[test]
fn each_fault_is_told_with_its_rule() {
    from_value::<Form>(right()).unwrap();
    for (field, value, rule) in faults() {
        let mut request = right();
        spoil(&mut request, field, value);
        let error = from_value::<Form>(request.clone()).unwrap_err();
        let expected = BTreeMap::from([(field.to_owned(), rule.to_owned())]);
        assert_eq!(told(error), expected, "{request}");
    }
}

proptest! {
    #[test]
    fn however_many_faults_there_are_all_are_told(
        chosen in prop::sample::subsequence(faults(), 1..8),
    ) {
        let mut request = right();
        let mut expected = BTreeMap::new();
        for (field, value, rule) in chosen {
            // What lies in something that is no object cannot be looked at.
            if field.starts_with("preferences") && expected.contains_key("preferences") {
                continue;
            }
            spoil(&mut request, field, value);
            expected.insert(field.to_owned(), rule.to_owned());
        }
        // Of two faults of one field the later one stands.
        let from_value = told(from_value::<Form>(request.clone()).unwrap_err());
        prop_assert_eq!(&from_value, &expected);
        let from_bytes = told(parse_json::<Form>(request.to_string().as_bytes()).unwrap_err());
        prop_assert_eq!(&from_bytes, &expected);
    }
}

#[test]
fn a_field_given_twice_is_told_beside_the_others() {
    let body = br#"{"name": "Aoi", "name": "Aoi", "gender": "cat"}"#;
    let fields: Vec<String> = told(parse_json::<Form>(body).unwrap_err())
        .into_keys()
        .collect();
    assert_eq!(fields, ["birth_date", "gender", "name"]);
}

#[test]
fn a_body_of_nothing_but_faults_has_an_answer_of_bounded_length() {
    let request: Map<String, Value> = (0..10_000).map(|n| (n.to_string(), json!(n))).collect();
    let told = told(from_value::<Form>(Value::Object(request)).unwrap_err());
    assert!(told.len() <= MOST + 4, "{}", told.len());
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Search {
    /// How many.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<i32>,
    /// Which day.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = Date, example = "2026-11-21")]
    day: Option<Date>,
}

#[tokio::test]
async fn a_query_is_told_all_its_faults_too() {
    use axum::extract::FromRequestParts as _;

    let request = axum::http::Request::get("/?limit=x&day=tomorrow&colour=red");
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let query = crate::http::Query::<Search>::from_request_parts(&mut parts, &()).await;
    let expected = [
        ("colour", "unknown field"),
        ("day", "a date such as 2026-11-21"),
        ("limit", "a whole number, 1–100"),
    ];
    let expected = expected.map(|(field, rule)| (field.to_owned(), rule.to_owned()));
    assert_eq!(told(query.err().unwrap()), BTreeMap::from(expected));
}
