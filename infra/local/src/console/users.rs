//! Firebase's users.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::Answer;
use crate::{
    journal::{self, Kind},
    stack::Stack,
};

/// All of them, with the codes of the mails that went nowhere.
pub async fn users(State(stack): State<Stack>) -> Answer<Value> {
    let (users, codes) = stack.firebase().users();
    Ok(Json(json!({"users": users, "codes": codes})))
}

/// What an operator does in Firebase's console: `disable`, `enable` or `verify`.
pub async fn act(
    State(stack): State<Stack>,
    Path((id, action)): Path<(String, String)>,
) -> Answer<Value> {
    let change = match action.as_str() {
        "disable" => json!({"localId": id, "disableUser": true}),
        "enable" => json!({"localId": id, "disableUser": false}),
        "verify" => json!({"localId": id, "emailVerified": true}),
        _ => return Err((StatusCode::NOT_FOUND, "nobody can do that".to_owned())),
    };
    journal::note(Kind::Hand, || {
        (format!("{action} Firebase's {id}"), json!({}))
    });
    let changed = stack.firebase().change(&change);
    changed
        .map(Json)
        .map_err(|sentence| (StatusCode::CONFLICT, sentence))
}
