//! Taking messages: parsed, checked and answered like an HTTP request, on the connection itself.

use std::{panic::AssertUnwindSafe, time::Instant};

use futures_util::FutureExt as _;
use garde::Validate;
use lambda_http::aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Connection, answer, hang_up, table};
use crate::{
    app::App,
    error::{Code, Error, ErrorBody},
    function::EventFuture,
    http::{from_value, milliseconds},
    user_id::UserId,
};

/// The route of what no other route takes, and the one action that is known there: a route of its
/// own would be three resources of the template.
const DEFAULT_ROUTE: &str = "$default";
const PING: &str = "ping";
/// The longest text that an error gives back, in characters.
const LONGEST_ECHO: usize = 128;

/// Who sent a message.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose ticket the connection was opened with.
    pub user_id: UserId,
    /// The connection, for [`answer`].
    pub connection_id: String,
}

/// A message as it came.
struct Frame {
    action: Option<String>,
    client_msg_id: Option<String>,
    /// All but `action`.
    fields: Result<Map<String, Value>, Error>,
}

/// What a client is told when its message fails: the error body of HTTP, with what it is about.
#[derive(Serialize, ToSchema)]
pub struct ErrorFrame {
    /// `error`.
    pub r#type: &'static str,
    /// The message's, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "sendMessage")]
    pub action: Option<String>,
    /// The message's, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "7d4f2c1a")]
    pub client_msg_id: Option<String>,
    /// What went wrong.
    #[serde(flatten)]
    pub error: ErrorBody,
    /// HTTP's `Retry-After`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, example = 60)]
    pub retry_after: Option<u32>,
}

/// Takes a message of a WebSocket route: `handle` gets it as a `T` (a JSON object, no unknown
/// fields beside `action`, valid), and what it answers goes to the connection that sent it. So
/// does an error, as `{type: "error", action, client_msg_id, …}` with the fields of the error body;
/// `client_msg_id` where the message has one. The message of an unknown action is one. A connection
/// that has expired or is not known any more is told so and closed.
///
/// The limits are HTTP's: 408 after ten seconds in the cloud, 500 for a panic. One request to DynamoDB before
/// `handle` (who is at the connection), one to API Gateway after it. The log line says route,
/// status and time; nothing of the message.
///
/// The invocation fails only when the answer cannot be sent: then API Gateway itself tells the
/// client that something is wrong.
pub fn on_frame<T, R, F, Fut>(app: App, event: Value, handle: F) -> EventFuture
where
    T: DeserializeOwned + Validate<Context = ()> + ToSchema + Send + 'static,
    R: Serialize,
    F: FnOnce(App, Caller, T) -> Fut + Send + 'static,
    Fut: Future<Output = Result<R, Error>> + Send + 'static,
{
    Box::pin(async move {
        let started = Instant::now();
        let event: ApiGatewayWebsocketProxyRequest =
            serde_json::from_value(event).map_err(|_| "the event has an unknown form")?;
        let context = event.request_context;
        let connection_id = context.connection_id.ok_or("no connection")?;
        let route = context.route_key.unwrap_or_default();
        let Frame {
            action,
            client_msg_id,
            fields,
        } = Frame::read(event.body.as_deref().unwrap_or_default());

        let handled = async {
            let fields = fields?;
            if route == DEFAULT_ROUTE && action.as_deref() != Some(PING) {
                return Err(Error::invalid("action", "there is no such action"));
            }
            let message = from_value(Value::Object(fields))?;
            let connection = Connection::find(&app, &table(&app)?, &connection_id).await?;
            let connection = connection.filter(|connection| !connection.has_expired(app.now()));
            let Some(connection) = connection else {
                return Ok(None);
            };
            let caller = Caller {
                user_id: connection.session.user_id,
                connection_id: connection_id.clone(),
            };
            let value = handle(app.clone(), caller, message).await?;
            let value = serde_json::to_value(value);
            value
                .map(Some)
                .map_err(|_| Error::internal("an answer cannot be sent"))
        };
        let handled = AssertUnwindSafe(handled).catch_unwind();
        let limit = app.limits().answer;
        let outcome = match tokio::time::timeout(limit, handled).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::internal("a handler panicked")),
            Err(_) => Err(Error::late(limit)),
        };
        let is_over = matches!(outcome, Ok(None));
        let outcome = outcome.and_then(|value| value.ok_or_else(ended));
        let status = outcome
            .as_ref()
            .map_or_else(|error| error.code().status().as_u16(), |_| 200);
        let sent = match outcome {
            Ok(value) => answer(&app, &connection_id, &value).await,
            Err(error) => {
                let error = ErrorFrame {
                    r#type: "error",
                    action: action.filter(|text| is_short(text)),
                    client_msg_id: client_msg_id.filter(|text| is_short(text)),
                    retry_after: error.retry_after(),
                    error: error.body(),
                };
                answer(&app, &connection_id, &error).await
            }
        };
        tracing::info!(route, status, milliseconds = milliseconds(started), "frame");
        sent?;
        if is_over {
            hang_up(&app, &connection_id).await?;
        }
        Ok(json!({"statusCode": 200}))
    })
}

impl Frame {
    fn read(body: &str) -> Self {
        let mut frame = Self {
            action: None,
            client_msg_id: None,
            fields: Err(Error::invalid_format("the message must be a JSON object")),
        };
        match serde_json::from_str(body) {
            Ok(Value::Object(mut fields)) => {
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let action = fields.remove("action");
                frame.action = action.as_ref().and_then(text);
                frame.client_msg_id = fields.get("client_msg_id").and_then(text);
                frame.fields = match (action, &frame.action) {
                    (_, Some(_)) => Ok(fields),
                    (None, _) => Err(Error::missing("action")),
                    (Some(_), None) => Err(Error::invalid("action", "action must be text")),
                };
            }
            Ok(_) => {}
            Err(_) => frame.fields = Err(Error::invalid_format("the message is not valid JSON")),
        }
        frame
    }
}

/// Nothing reaches the connection any more.
fn ended() -> Error {
    Error::new(
        Code::AccessTokenInvalid,
        "this connection is not known any more; connect again with a new ticket",
    )
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= LONGEST_ECHO
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::parse_json;

    #[derive(Debug, PartialEq, Deserialize, Validate, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Said {
        #[garde(length(chars, min = 1, max = 3))]
        #[schema(min_length = 1, max_length = 3)]
        content: String,
        #[garde(dive)]
        mark: Option<Mark>,
    }

    #[derive(Debug, PartialEq, Deserialize, Validate, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Mark {
        #[garde(range(max = 9))]
        seq: u8,
    }

    fn body(result: Result<Said, Error>) -> Value {
        match result {
            Ok(said) => json!(format!("{said:?}")),
            Err(error) => json!(error.body()),
        }
    }

    #[test]
    fn a_message_is_read_and_refused_as_the_same_body_would_be() {
        for fields in [
            r#"{"content": "abc"}"#,
            r#"{"content": "abc", "mark": {"seq": 1}}"#,
            r#"{"content": "abcd", "mark": {"seq": 10}}"#,
            r#"{"content": "abc", "mark": {"seq": "1"}}"#,
            r#"{"content": "abc", "mark": {"seq": 1, "more": 2}}"#,
            r#"{"content": "abc", "mark": {}}"#,
            r#"{"content": "abc", "mark": [1]}"#,
            r#"{"content": "abc", "more": null}"#,
            r#"{"content": null}"#,
            r#"{"content": ["abc"]}"#,
            r#"{"mark": {"seq": 1}}"#,
        ] {
            let expected = body(parse_json(fields.as_bytes()));
            let message = fields.replacen('{', r#"{"action": "say", "#, 1);
            let frame = Frame::read(&message);
            assert_eq!(frame.action.as_deref(), Some("say"));
            let read = from_value(Value::Object(frame.fields.unwrap()));
            assert_eq!(body(read), expected, "{fields}");
        }
    }

    #[test]
    fn what_is_no_object_with_an_action_is_refused() {
        for (message, code, fields) in [
            ("", "invalid_format", json!(null)),
            ("ping", "invalid_format", json!(null)),
            (r#"["action"]"#, "invalid_format", json!(null)),
            (r#"{"action": "ping""#, "invalid_format", json!(null)),
            (r#"{"action": "ping"} {}"#, "invalid_format", json!(null)),
            (
                "{}",
                "invalid_parameter",
                json!([{"field": "action", "code": "missing_field"}]),
            ),
            (
                r#"{"action": 1}"#,
                "invalid_parameter",
                json!([{"field": "action", "code": "invalid", "rule": "action must be text"}]),
            ),
        ] {
            let error = json!(Frame::read(message).fields.unwrap_err().body());
            assert_eq!(
                (&error["code"], &error["errors"]),
                (&json!(code), &fields),
                "{message}"
            );
        }
    }

    #[test]
    fn an_error_tells_which_message_it_is_about() {
        let frame = Frame::read(r#"{"action": "say", "client_msg_id": "c1", "content": ""}"#);
        let error = ErrorFrame {
            r#type: "error",
            action: frame.action,
            client_msg_id: frame.client_msg_id,
            retry_after: None,
            error: from_value::<Said>(json!({"content": ""}))
                .unwrap_err()
                .body(),
        };
        assert_eq!(
            json!(error),
            json!({
                "type": "error", "action": "say", "client_msg_id": "c1", "status": 400,
                "code": "invalid_parameter", "message": "content is invalid: 1–3 characters",
                "errors": [{"field": "content", "code": "invalid", "rule": "1–3 characters"}],
            })
        );
    }
}
