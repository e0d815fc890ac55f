//! The AsyncAPI document: the WebSocket's messages, from the types that read and write them.

use enishi_live::ping::{Ping, Pong};
use enishi_rooms::letters::{RoomMoved, RoomReady};
use enishi_saju::{
    deliver::Frame,
    notice::{MatchAccepted, MatchRequested, ReadReceipt},
    read_frame::{HasRead, Read},
    send_message_frame::{Ack, SendMessage},
};
use enishi_shared::live::ErrorFrame;
use enishi_visits::deliver::Frame as MatchingFrame;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::openapi::{describe_whole, examples::example};

/// What says which message it is: the client's have an `action`, the server's a `type`.
const CLIENT: &str = "action";
const SERVER: &str = "type";
const CHANNEL: &str = "#/channels/live";
const TICKET: &str = "#/components/securitySchemes/ticket";

/// What comes without being asked for.
const PUSHED: [&str; 5] = [
    "message",
    "matchingMessage",
    "matchRequest",
    "matchAccepted",
    "readReceipt",
];

/// The document as `GET /asyncapi.json` serves it, pretty-printed.
///
/// # Errors
/// When it cannot be serialised.
pub fn document() -> Result<String, serde_json::Error> {
    let mut messages = Messages::default();
    messages.add::<Ping>("ping", CLIENT, "ping", "Keeps the connection alive")?;
    messages.add::<Pong>("pong", SERVER, "pong", "The answer to a ping")?;
    messages.add::<SendMessage>("sendMessage", CLIENT, "sendMessage", "Writes into a chat")?;
    messages.add::<Ack>("ack", SERVER, "ack", "The message is stored")?;
    messages.add::<Read>("read", CLIENT, "read", "Marks a chat as read")?;
    messages.add::<HasRead>("hasRead", SERVER, "read", "How far one has read")?;
    messages.add::<ErrorFrame>("error", SERVER, "error", "The message failed")?;
    messages.add::<Frame>("message", SERVER, "message", "Somebody wrote into a chat")?;
    messages.add::<MatchingFrame>(
        "matchingMessage",
        SERVER,
        "matchingMessage",
        "Somebody wrote in a matching",
    )?;
    messages.add::<MatchRequested>(
        "matchRequest",
        SERVER,
        "matchRequest",
        "Somebody asks for a match",
    )?;
    messages.add::<MatchAccepted>(
        "matchAccepted",
        SERVER,
        "matchAccepted",
        "Somebody has accepted a request",
    )?;
    messages.add::<ReadReceipt>("readReceipt", SERVER, "readReceipt", "A partner has read")?;
    messages.add::<RoomReady>("roomReady", SERVER, "roomReady", "The room is drawn")?;
    messages.add::<RoomMoved>(
        "roomMoved",
        SERVER,
        "roomMoved",
        "One was alone and meets others in another room",
    )?;
    let Messages { messages, schemas } = messages;
    let named = messages.keys().map(|name| {
        let reference = json!({"$ref": format!("#/components/messages/{name}")});
        (name.clone(), reference)
    });
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Enishi, live",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Messages to people at once. `POST /api/live/ticket` gives the address of the \
                WebSocket and a ticket for one connection; its description says how to connect, stay \
                connected and catch up.",
            "license": {"name": "MIT OR Apache-2.0", "url": "https://spdx.org/licenses/"},
        },
        "defaultContentType": "application/json",
        "channels": {"live": {
            "description": "One connection: connect to `<url>?ticket=<ticket>`.",
            "messages": named.collect::<Map<_, _>>(),
            "bindings": {"ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "properties": {"ticket": {"type": "string"}},
                    "required": ["ticket"],
                },
            }},
        }},
        "operations": {
            "ping": asked("ping", "pong"),
            "sendMessage": asked("sendMessage", "ack"),
            "read": asked("read", "hasRead"),
            "deliver": {
                "action": "send",
                "summary": "To everybody whom it is about, without being asked",
                "channel": {"$ref": CHANNEL},
                "messages": PUSHED.map(|name| json!({"$ref": format!("{CHANNEL}/messages/{name}")})),
                "security": [{"$ref": TICKET}],
            },
            "tell": {
                "action": "send",
                "summary": "To those in a room, without being asked",
                "channel": {"$ref": CHANNEL},
                "messages": [
                    {"$ref": format!("{CHANNEL}/messages/roomReady")},
                    {"$ref": format!("{CHANNEL}/messages/roomMoved")},
                ],
                "security": [{"$ref": TICKET}],
            },
        },
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": {"ticket": {
                "type": "httpApiKey", "in": "query", "name": "ticket",
                "description": "From `POST /api/live/ticket`, once and within a minute",
            }},
        },
    });
    let schemas = &mut document["components"]["schemas"];
    describe_whole(schemas);
    wrap_references(schemas);
    let known = document.clone();
    let messages = document["components"]["messages"].as_object_mut();
    for message in messages.into_iter().flat_map(Map::values_mut) {
        if let Some(payload) = example(&known, &message["payload"]) {
            message["examples"] = json!([{"payload": payload}]);
        }
    }
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// What the server takes, and how it answers.
fn asked(message: &str, answer: &str) -> Value {
    let named = |name: &str| json!({"$ref": format!("{CHANNEL}/messages/{name}")});
    json!({
        "action": "receive",
        "channel": {"$ref": CHANNEL},
        "messages": [named(message)],
        "reply": {"channel": {"$ref": CHANNEL}, "messages": [named(answer), named("error")]},
        "security": [{"$ref": TICKET}],
    })
}

/// AsyncAPI's schemas are of a JSON Schema that reads nothing beside a reference.
fn wrap_references(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(wrap_references),
        Value::Object(fields) => {
            if fields.len() > 1
                && let Some(reference) = fields.remove("$ref")
            {
                fields.insert("allOf".into(), json!([{"$ref": reference}]));
            }
            fields.values_mut().for_each(wrap_references);
        }
        _ => {}
    }
}

#[derive(Default)]
struct Messages {
    messages: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Messages {
    /// Adds a message that is told from others by `value` in its field `tag`.
    fn add<T: ToSchema>(
        &mut self,
        name: &str,
        tag: &str,
        value: &str,
        title: &str,
    ) -> Result<(), serde_json::Error> {
        let mut referred = Vec::new();
        T::schemas(&mut referred);
        for (name, schema) in referred {
            let mut schema = serde_json::to_value(schema)?;
            // A message has fields of its own beside those of what is flattened into it.
            if let Some(schema) = schema.as_object_mut() {
                schema.remove("additionalProperties");
            }
            self.schemas.insert(name, schema);
        }
        let mut schema = serde_json::to_value(T::schema())?;
        // The fields of a struct into which another is flattened are the last part.
        let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
        let own = match parts.and_then(|parts| parts.last_mut()) {
            Some(own) => own,
            None => &mut schema,
        };
        own["properties"][tag] = json!({"const": value});
        let mut required = own["required"].as_array().cloned().unwrap_or_default();
        if !required.iter().any(|field| field == tag) {
            required.push(tag.into());
        }
        own["required"] = required.into();
        self.schemas.insert(T::name().into_owned(), schema);
        let payload = format!("#/components/schemas/{}", T::name());
        let message = json!({"title": title, "payload": {"$ref": payload}});
        self.messages.insert(name.to_owned(), message);
        Ok(())
    }
}
