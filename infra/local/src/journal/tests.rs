use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

fn keys(_: &str) -> (String, Option<String>) {
    ("pk".to_owned(), Some("sk".to_owned()))
}

/// A call that writes these rows, of an entry.
fn writes(cause: &Cause, pks: &[&str]) -> Option<calls::Asked> {
    let put =
        |pk: &&str| json!({"Put": {"TableName": "T", "Item": {"pk": {"S": pk}, "sk": {"S": "-"}}}});
    let request = json!({"TransactItems": pks.iter().map(put).collect::<Vec<Value>>()}).to_string();
    within_now(Some(cause.clone()), || {
        database("TransactWriteItems", request.as_bytes(), &keys)
    })
}

#[test]
fn a_row_is_its_writers_before_the_call_is_answered_and_not_when_it_fails() {
    let journal = Journal::new(Arc::new(|| Timestamp::UNIX_EPOCH), Vec::new());
    let [one, other] =
        ["one", "other"].map(|title| journal.begin(Kind::Request, title.into(), Vec::new()));
    let writer = |pk: &str| {
        let (table, pk, sk) = ("T".into(), pk.into(), "-".into());
        journal.writer(&Row { table, pk, sk })
    };

    // A stream brings the row as soon as it is stored.
    let call = writes(&one, &["a", "b"]).unwrap();
    assert_eq!([writer("a"), writer("b")], [one.id(), one.id()]);
    call.answered(200);
    assert_eq!([writer("a"), writer("b")], [one.id(), one.id()]);

    writes(&other, &["a"]).unwrap().answered(400);
    assert_eq!(writer("a"), one.id());

    // What another has taken over meanwhile is not given back.
    let refused = writes(&one, &["b"]).unwrap();
    writes(&other, &["b"]).unwrap().answered(200);
    refused.answered(400);
    assert_eq!(writer("b"), other.id());

    let (entry, _) = journal.story(other.id().unwrap()).unwrap();
    let wrote: Vec<usize> = entry.calls.iter().map(|call| call.wrote.len()).collect();
    assert_eq!(wrote, [0, 1]);
}
