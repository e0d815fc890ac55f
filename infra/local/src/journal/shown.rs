//! What is shown of a body: JSON without its secrets.

use serde_json::{Value, json};

/// What is shown of a longer body is its length.
const LONGEST: usize = 16 * 1024;

/// A body as it is shown: JSON whose passwords and tokens are covered, or how long it is.
pub fn body(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let read = (body.len() <= LONGEST).then(|| serde_json::from_slice(body).ok());
    match read.flatten() {
        Some(mut value) => {
            cover(&mut value);
            value
        }
        None => json!({"bytes": body.len()}),
    }
}

fn cover(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(cover),
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_ascii_lowercase();
                let secret = ["password", "token", "secret", "ticket"];
                if value.is_string() && secret.iter().any(|part| name.contains(part)) {
                    *value = "•••".into();
                } else {
                    cover(value);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_without_its_secrets() {
        let text = r#"{"email":"a@example.com","password":"x","tokens":[{"refresh_token":"y"}]}"#;
        let shown = body(text.as_bytes());
        assert_eq!(
            shown,
            json!({"email": "a@example.com", "password": "•••", "tokens": [{"refresh_token": "•••"}]})
        );
        assert_eq!(body(b"<p>"), json!({"bytes": 3}));
        assert_eq!(body(&[b' '; LONGEST + 1]), json!({"bytes": LONGEST + 1}));
        assert_eq!(body(b""), Value::Null);
    }
}
