//! What Stripe knows: objects as its API shows them, the events about them, and the answers it
//! keeps for idempotency keys. A field whose name starts with `_` is Stripe's own and never shown.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::journal::{self, Cause};

use super::{
    API_VERSION,
    objects::complete,
    params::{Answer, Refusal},
};

/// How long an answer is kept for its idempotency key.
const KEYS_LAST: SignedDuration = SignedDuration::from_hours(24);

#[derive(Default, Serialize, Deserialize)]
pub struct State {
    /// Where this server is, `http://127.0.0.1:3001/stripe`.
    #[serde(skip)]
    pub base: String,
    /// The present; set before anything is done.
    #[serde(skip)]
    pub now: Timestamp,
    /// How events to come are delivered.
    #[serde(skip)]
    pub order: super::events::Order,
    /// Every object, by its id.
    pub objects: BTreeMap<String, Value>,
    /// The recurring prices there are.
    pub prices: BTreeMap<String, Price>,
    /// What happened, in order.
    pub events: Vec<Event>,
    pub keys: BTreeMap<String, Kept>,
    /// How many objects were made.
    pub made: u64,
    /// Whether anything is other than what is kept on disk.
    #[serde(skip)]
    pub changed: bool,
}

/// A monthly price.
#[derive(Clone, Serialize, Deserialize)]
pub struct Price {
    pub currency: String,
    pub unit_amount: i64,
}

/// The answer for an idempotency key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    pub request: String,
    pub answer: Answer,
    pub since: Timestamp,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`.
    pub id: String,
    /// `checkout.session.completed` and so on.
    pub kind: String,
    /// The connected account it happened in.
    pub account: Option<String>,
    /// As it is sent.
    pub body: Value,
    /// When it is to be sent next; none when it was taken, or given up.
    pub due: Option<Timestamp>,
    /// How often it is still to be sent beside what was taken.
    pub copies: u32,
    /// How often it was sent.
    pub attempts: u32,
    /// What led to it.
    #[serde(skip)]
    pub cause: Option<Cause>,
}

impl State {
    /// A new id of Stripe's form.
    pub fn id(prefix: &str) -> String {
        let length = if prefix == "cs_test_" { 58 } else { 24 };
        let (one, two) = (Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let mut random = format!("{one}{two}");
        random.truncate(length);
        format!("{prefix}{random}")
    }

    /// Keeps a new object under its id and answers it.
    pub fn make(&mut self, object: Value) -> Value {
        let mut object = complete(object);
        self.made += 1;
        self.changed = true;
        object["created"] = self.now.as_second().into();
        object["_made"] = self.made.into();
        let id = text(&object, "id").to_owned();
        self.objects.insert(id, object.clone());
        object
    }

    /// The object of this kind with this id.
    pub fn get(&self, kind: &'static str, id: &str) -> Result<&Value, Refusal> {
        self.objects
            .get(id)
            .filter(|object| object["object"] == kind)
            .ok_or_else(|| Refusal::no_such(kind, id))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, kind: &'static str, id: &str) -> Result<&mut Value, Refusal> {
        self.changed = true;
        self.objects
            .get_mut(id)
            .filter(|object| object["object"] == kind)
            .ok_or_else(|| Refusal::no_such(kind, id))
    }

    /// Changes fields of an object and answers it.
    pub fn change(
        &mut self,
        kind: &'static str,
        id: &str,
        fields: Value,
    ) -> Result<Value, Refusal> {
        let object = self.get_mut(kind, id)?;
        for (name, value) in fields.as_object().into_iter().flatten() {
            object[name] = value.clone();
        }
        Ok(object.clone())
    }

    /// All of a kind, in the order they were made.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        let mut all: Vec<&Value> = self
            .objects
            .values()
            .filter(|object| object["object"] == kind)
            .collect();
        all.sort_by_key(|object| object["_made"].as_u64());
        all
    }

    /// Notes that something happened to `object`.
    pub fn emit(&mut self, kind: &str, object: &Value, account: Option<&str>) {
        let id = Self::id("evt_");
        let mut body = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now.as_second(),
            "type": kind,
            "livemode": false,
            "pending_webhooks": 1,
            "request": {"id": null, "idempotency_key": null},
            "data": {"object": shown(object)},
        });
        if let Some(account) = account {
            body["account"] = account.into();
        }
        self.changed = true;
        let due = self.now.saturating_add(self.order.delay);
        self.events.push(Event {
            id,
            kind: kind.to_owned(),
            account: account.map(str::to_owned),
            body,
            due: Some(due.unwrap_or(self.now)),
            copies: self.order.copies,
            attempts: 0,
            cause: journal::current(),
        });
    }

    /// The answer kept for a key, unless it is too old.
    pub fn kept(&mut self, key: &str) -> Option<&Kept> {
        let now = self.now;
        self.keys
            .retain(|_, kept| now.duration_since(kept.since) < KEYS_LAST);
        self.keys.get(key)
    }
}

/// An object as the API shows it.
pub fn shown(object: &Value) -> Value {
    let mut shown = object.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.retain(|name, _| !name.starts_with('_'));
    }
    shown
}

/// A text field, empty where there is none.
pub fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

/// A number field, 0 where there is none.
pub fn number(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_default()
}

/// A list as the API shows it.
pub fn list(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({"object": "list", "url": url, "data": data, "has_more": has_more})
}
