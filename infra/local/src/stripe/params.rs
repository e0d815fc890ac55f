//! A request's parameters, read as strictly as Stripe reads them: what nobody asks for is refused.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why a request is refused, in Stripe's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub param: Option<String>,
    pub message: String,
}

impl Refusal {
    /// 400 `invalid_request_error`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            kind: "invalid_request_error",
            code: None,
            param: None,
            message: message.into(),
        }
    }

    /// With a code.
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// About a parameter.
    pub fn param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// 404: there is no such object; `kind` as Stripe's sentences write it.
    pub fn no_such(kind: &str, id: &str) -> Self {
        let mut refusal = Self::invalid(format!("No such {kind}: '{id}'")).code("resource_missing");
        refusal.status = 404;
        refusal
    }

    /// The same where a parameter names it: 400.
    pub fn named_in(mut self, param: &str) -> Self {
        self.status = 400;
        self.param(param)
    }

    /// As it is kept and answered.
    pub fn kept(&self) -> Answer {
        let error = json!({
            "type": self.kind,
            "code": self.code,
            "param": self.param,
            "message": self.message,
        });
        Answer {
            status: self.status,
            body: json!({"error": error}).to_string(),
        }
    }
}

/// What is answered, and kept for an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn respond(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.body.clone()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        response
    }
}

/// The parameters that nobody has taken yet, by name (`line_items[0][quantity]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params(BTreeMap<String, String>);

/// What may be given empty.
const CLEARED: [&str; 1] = ["cancel_at"];

impl Params {
    /// Reads a query or a form.
    pub fn parse(text: &[u8]) -> Result<Self, Refusal> {
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if value.is_empty() && !CLEARED.contains(&&*name) {
                return Err(
                    Refusal::invalid(format!("You passed an empty string for '{name}'."))
                        .code("parameter_invalid_empty")
                        .param(&name),
                );
            }
            if params
                .insert(name.to_string(), value.into_owned())
                .is_some()
            {
                return Err(Refusal::invalid(format!("{name} is given twice")).param(&name));
            }
        }
        Ok(Self(params))
    }

    /// The same parameters give the same text, in whatever order they came.
    pub fn fingerprint(&self) -> String {
        let pairs = self.0.iter();
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    }

    /// A parameter that may be absent.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Whether it was given empty, to clear what is there; a value is not offered.
    pub fn cleared(&mut self, name: &str) -> bool {
        let is_empty = self.0.get(name).is_some_and(String::is_empty);
        is_empty && self.take(name).is_some()
    }

    /// A parameter that must be there.
    pub fn required(&mut self, name: &str) -> Result<String, Refusal> {
        self.take(name).ok_or_else(|| Self::missing(name))
    }

    /// A parameter that must be there is not.
    pub fn missing(name: &str) -> Refusal {
        Refusal::invalid(format!("Missing required param: {name}."))
            .code("parameter_missing")
            .param(name)
    }

    /// One of these.
    pub fn choice(&mut self, name: &str, choices: &[&str]) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            Some(value) if !choices.contains(&value.as_str()) => Err(Refusal::invalid(format!(
                "Invalid {name}: must be one of {}",
                choices.join(", ")
            ))
            .param(name)),
            value => Ok(value),
        }
    }

    /// A whole number.
    pub fn integer(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.take(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            Refusal::invalid(format!("Invalid integer: {text}"))
                .code("parameter_invalid_integer")
                .param(name)
        })
    }

    /// A whole number above zero.
    pub fn positive(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.integer(name)? {
            Some(number) if number < 1 => Err(Refusal::invalid(
                "This value must be greater than or equal to 1.",
            )
            .code("parameter_invalid_integer")
            .param(name)),
            number => Ok(number),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        Ok(self
            .choice(name, &["true", "false"])?
            .map(|text| text == "true"))
    }

    /// An address to send a browser to.
    pub fn address(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            Some(text) if !(text.starts_with("http://") || text.starts_with("https://")) => {
                Err(Refusal::invalid("Not a valid URL")
                    .code("url_invalid")
                    .param(name))
            }
            text => Ok(text),
        }
    }

    /// `name[key]`: at most 50 keys of 40 characters, values of 500.
    pub fn metadata(&mut self, name: &str) -> Result<Value, Refusal> {
        let mut metadata = serde_json::Map::new();
        let prefix = format!("{name}[");
        let names: Vec<String> = self
            .0
            .keys()
            .filter(|it| it.starts_with(&prefix))
            .cloned()
            .collect();
        for whole in names {
            let key = whole
                .strip_prefix(&prefix)
                .and_then(|rest| rest.strip_suffix(']'));
            // A key with brackets is nobody's; it stays and is unknown.
            let Some(key) = key.filter(|key| !key.contains(['[', ']'])) else {
                continue;
            };
            let value = self.take(&whole).unwrap_or_default();
            if key.chars().count() > 40 || value.chars().count() > 500 || metadata.len() == 50 {
                return Err(Refusal::invalid("Metadata is too large").param(&whole));
            }
            metadata.insert(key.to_owned(), value.into());
        }
        Ok(Value::Object(metadata))
    }

    /// Whether anything below `name[…]` was given.
    pub fn has(&self, name: &str) -> bool {
        let prefix = format!("{name}[");
        self.0.keys().any(|it| it.starts_with(&prefix))
    }

    /// What is to be shown in full; `allowed` alone can be.
    pub fn expand(&mut self, allowed: &[&str]) -> Result<bool, Refusal> {
        let mut any = false;
        for number in 0..4 {
            any |= self
                .choice(&format!("expand[{number}]"), allowed)?
                .is_some();
        }
        Ok(any)
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.0.into_keys().next() {
            Some(name) => Err(
                Refusal::invalid(format!("Received unknown parameter: {name}"))
                    .code("parameter_unknown")
                    .param(&name),
            ),
            None => Ok(()),
        }
    }
}
