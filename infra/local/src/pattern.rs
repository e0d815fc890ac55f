//! EventBridge event patterns, which also filter table streams: does an event meet a pattern?
//!
//! The operators the template may use: equality, `prefix`, `exists` and `anything-but`. It leaves to
//! others: where events come from and where they go.
//!
//! The rules are EventBridge's: every key of a pattern must be met, a list is met by any of its
//! entries, and a list in the event by any of its elements. Values are compared exactly: `5` is
//! neither `"5"` nor `5.0`. <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>

use serde_json::{Map, Value};

/// Stands for an object that is not there: `exists: false` below it is met.
const ABSENT: Value = Value::Null;

/// Whether `event` meets `pattern`. A pattern that [`check`] refuses is met by nothing.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    let Value::Object(keys) = pattern else {
        return false;
    };
    match event {
        // One and the same element must meet the whole pattern.
        Value::Array(elements) if !elements.is_empty() => {
            elements.iter().any(|element| matches(pattern, element))
        }
        _ => keys.iter().all(|(key, wanted)| {
            let found = event.get(key).unwrap_or(&ABSENT);
            match wanted {
                Value::Object(_) => matches(wanted, found),
                Value::Array(options) => options.iter().any(|option| meets(option, event.get(key))),
                _ => false,
            }
        }),
    }
}

/// Whether `pattern` is one that [`matches()`] understands in full.
///
/// # Errors
/// One sentence without its full stop, naming the key at fault.
pub fn check(pattern: &Value) -> Result<(), String> {
    check_keys(pattern, "the pattern")
}

fn check_keys(pattern: &Value, place: &str) -> Result<(), String> {
    let Value::Object(keys) = pattern else {
        return Err(format!("{place} must be an object"));
    };
    if keys.is_empty() {
        return Err(format!("{place} is empty"));
    }
    for (key, wanted) in keys {
        match wanted {
            // `$or` and its like are operators on keys.
            _ if key.starts_with('$') => {
                return Err(format!("`{key}` is not supported in a pattern"));
            }
            Value::Object(_) => check_keys(wanted, &format!("`{key}` in the pattern"))?,
            Value::Array(options) if options.is_empty() => {
                return Err(format!("`{key}` in the pattern is an empty list"));
            }
            Value::Array(options) => {
                for option in options {
                    check_option(option).map_err(|e| format!("`{key}` in the pattern: {e}"))?;
                }
            }
            _ => return Err(format!("`{key}` in the pattern must be a list")),
        }
    }
    Ok(())
}

fn check_option(option: &Value) -> Result<(), String> {
    let Value::Object(operator) = option else {
        return match option {
            Value::Array(_) => Err("a list cannot stand inside a list".to_owned()),
            _ => Ok(()),
        };
    };
    match single(operator) {
        Some(("prefix", Value::String(_)) | ("exists", Value::Bool(_))) => Ok(()),
        Some(("anything-but", excluded)) => match excluded {
            Value::String(_) | Value::Number(_) => Ok(()),
            Value::Array(values)
                if !values.is_empty()
                    && values
                        .iter()
                        .all(|v| matches!(v, Value::String(_) | Value::Number(_))) =>
            {
                Ok(())
            }
            Value::Object(inner) if matches!(single(inner), Some(("prefix", Value::String(_)))) => {
                Ok(())
            }
            _ => Err("`anything-but` takes text, numbers, a list of them or a prefix".to_owned()),
        },
        Some((name @ ("prefix" | "exists"), _)) => {
            Err(format!("`{name}` has a value of another kind"))
        }
        Some((name, _)) => Err(format!("the operator `{name}` is not supported")),
        None => Err("one operator must stand alone".to_owned()),
    }
}

/// Whether what stands under a key meets one entry of the pattern's list.
fn meets(option: &Value, found: Option<&Value>) -> bool {
    let mut leaves = Vec::new();
    if let Some(found) = found {
        collect_leaves(found, &mut leaves);
    }
    let Value::Object(operator) = option else {
        return leaves.contains(&option);
    };
    match single(operator) {
        Some(("prefix", Value::String(prefix))) => {
            leaves.iter().any(|leaf| has_prefix(leaf, prefix))
        }
        Some(("exists", Value::Bool(wanted))) => *wanted != leaves.is_empty(),
        Some(("anything-but", excluded)) => leaves.iter().any(|leaf| !excludes(excluded, leaf)),
        _ => false,
    }
}

fn excludes(excluded: &Value, leaf: &Value) -> bool {
    match excluded {
        Value::Array(values) => values.contains(leaf),
        Value::Object(inner) => match single(inner) {
            Some(("prefix", Value::String(prefix))) => has_prefix(leaf, prefix),
            _ => true,
        },
        value => value == leaf,
    }
}

fn has_prefix(leaf: &Value, prefix: &str) -> bool {
    leaf.as_str().is_some_and(|text| text.starts_with(prefix))
}

/// The values that are no objects; EventBridge looks at those alone, so that an object under a key
/// does not count as existing.
fn collect_leaves<'event>(value: &'event Value, leaves: &mut Vec<&'event Value>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|e| collect_leaves(e, leaves)),
        Value::Object(_) => {}
        leaf => leaves.push(leaf),
    }
}

fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) => Some((key, value)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_key_must_be_met_and_any_entry_of_its_list() {
        let pattern = json!({"source": ["enishi.identity"], "detail-type": ["account.created", "password.forgotten"]});
        assert!(matches(
            &pattern,
            &json!({"source": "enishi.identity", "detail-type": "account.created", "x": 1})
        ));
        assert!(!matches(
            &pattern,
            &json!({"source": "enishi.identity", "detail-type": "account.deleted"})
        ));
        assert!(!matches(
            &pattern,
            &json!({"detail-type": "account.created"})
        ));
    }

    #[test]
    fn keys_nest() {
        let pattern = json!({"detail": {"eventType": ["chime:MeetingEnded"]}});
        assert!(matches(
            &pattern,
            &json!({"detail": {"eventType": "chime:MeetingEnded"}})
        ));
        assert!(!matches(
            &pattern,
            &json!({"eventType": "chime:MeetingEnded"})
        ));
        assert!(!matches(&pattern, &json!({"detail": "chime:MeetingEnded"})));
    }

    #[test]
    fn text_numbers_booleans_and_null_are_compared_exactly() {
        for value in [
            json!("5"),
            json!(5),
            json!(5.0),
            json!(true),
            json!(false),
            json!(null),
        ] {
            for other in [
                json!("5"),
                json!(5),
                json!(5.0),
                json!(true),
                json!(false),
                json!(null),
            ] {
                let met = matches(&json!({"k": [value]}), &json!({"k": other}));
                assert_eq!(met, value == other, "{value} {other}");
            }
        }
        assert!(!matches(&json!({"k": [null]}), &json!({})));
    }

    #[test]
    fn a_list_in_the_event_is_met_by_any_element() {
        assert!(matches(&json!({"k": ["b"]}), &json!({"k": ["a", "b"]})));
        assert!(!matches(&json!({"k": ["c"]}), &json!({"k": ["a", "b"]})));
        let both = json!({"k": {"x": [1], "y": [2]}});
        assert!(matches(&both, &json!({"k": [{"x": 0}, {"x": 1, "y": 2}]})));
        assert!(!matches(
            &both,
            &json!({"k": [{"x": 1, "y": 0}, {"x": 0, "y": 2}]})
        ));
    }

    #[test]
    fn a_prefix_meets_text_that_begins_with_it() {
        let outbox = json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUTBOX#"}]}}}});
        let record = |pk| json!({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": "1"}}}});
        assert!(matches(&outbox, &record("OUTBOX#7")));
        assert!(!matches(&outbox, &record("USER#7")));
        assert!(!matches(&json!({"k": [{"prefix": "5"}]}), &json!({"k": 5})));
    }

    #[test]
    fn exists_asks_for_a_value_and_an_object_is_none() {
        let (some, none) = (
            json!({"a": {"k": [{"exists": true}]}}),
            json!({"a": {"k": [{"exists": false}]}}),
        );
        for (event, there) in [
            (json!({"a": {"k": null}}), true),
            (json!({"a": {"k": [0]}}), true),
            (json!({"a": {"k": {}}}), false),
            (json!({"a": {}}), false),
            (json!({}), false),
        ] {
            assert_eq!(matches(&some, &event), there, "{event}");
            assert_eq!(matches(&none, &event), !there, "{event}");
        }
    }

    #[test]
    fn anything_but_takes_a_value_a_list_or_a_prefix_and_needs_the_key() {
        let met = |excluded: Value, event: Value| {
            matches(&json!({"k": [{"anything-but": excluded}]}), &event)
        };
        assert!(met(json!("a"), json!({"k": "b"})));
        assert!(!met(json!("a"), json!({"k": "a"})));
        assert!(!met(json!(["a", 1]), json!({"k": 1})));
        assert!(met(json!(["a", 1]), json!({"k": "1"})));
        assert!(!met(
            json!({"prefix": "aws:"}),
            json!({"k": "aws:recorder"})
        ));
        assert!(met(json!({"prefix": "aws:"}), json!({"k": "someone"})));
        assert!(met(json!("a"), json!({"k": ["a", "b"]})));
        assert!(!met(json!("a"), json!({})));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_met_by_nothing() {
        for pattern in [
            json!([]),
            json!({}),
            json!({"k": "a"}),
            json!({"k": []}),
            json!({"k": {}}),
            json!({"k": [["a"]]}),
            json!({"k": [{"suffix": "a"}]}),
            json!({"k": [{"prefix": 1}]}),
            json!({"k": [{"exists": "yes"}]}),
            json!({"k": [{"numeric": [">", 1]}]}),
            json!({"k": [{"prefix": "a", "exists": true}]}),
            json!({"k": [{"anything-but": []}]}),
            json!({"k": [{"anything-but": {"suffix": "a"}}]}),
            json!({"$or": [{"k": ["a"]}]}),
        ] {
            assert!(check(&pattern).is_err(), "{pattern}");
        }
        let refused = check(&json!({"detail": {"k": [{"suffix": "a"}]}}));
        assert_eq!(
            refused,
            Err("`k` in the pattern: the operator `suffix` is not supported".to_owned())
        );
    }

    fn leaf() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from)
        ]
    }

    /// An event as EventBridge has them, and the pattern of equalities that describes it in full.
    fn event() -> impl Strategy<Value = (Value, Value)> {
        let start = leaf().prop_map(|v| (v.clone(), json!([v])));
        start.prop_recursive(3, 16, 3, |inner| {
            prop::collection::btree_map("[a-c]", inner, 1..4).prop_map(|fields| {
                let (events, patterns): (Map<_, _>, Map<_, _>) = fields
                    .into_iter()
                    .map(|(k, (event, pattern))| ((k.clone(), event), (k, pattern)))
                    .unzip();
                (Value::Object(events), Value::Object(patterns))
            })
        })
    }

    proptest! {
        #[test]
        fn an_event_meets_its_own_description_and_whatever_more_it_holds(
            fields in prop::collection::btree_map("[a-c]", event(), 1..4), more in leaf()
        ) {
            let (mut event, pattern): (Map<_, _>, Map<_, _>) =
                fields.into_iter().map(|(k, (e, p))| ((k.clone(), e), (k, p))).unzip();
            let pattern = Value::Object(pattern);
            prop_assert_eq!(check(&pattern), Ok(()));
            event.insert("z".to_owned(), more);
            prop_assert!(matches(&pattern, &Value::Object(event)));
        }

        #[test]
        fn on_a_single_value_anything_but_is_the_opposite_of_equality(
            value in "[ab]{0,2}", excluded in prop::collection::vec("[ab]{0,2}", 1..4)
        ) {
            let event = json!({"k": value});
            let same = matches(&json!({"k": excluded}), &event);
            let other = matches(&json!({"k": [{"anything-but": excluded}]}), &event);
            prop_assert_ne!(same, other);
        }
    }
}
