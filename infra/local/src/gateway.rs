//! The local stand-in for the API Gateway HTTP API: chooses the route, turns an HTTP request into
//! the payload 2.0 event that AWS would send the function, and the function's answer into HTTP;
//! with the gateway's limits, timeout and CORS.
//!
//! Left to others: reading the routes from `template.yaml`, listening, and running the function
//! (the callback of [`Gateway::serve`]).
//!
//! Where AWS's guide is silent, this follows what people recorded of the service: the path is
//! percent-decoded before routing, `rawPath` too, and cut at a decoded `?`; only the content types
//! of [`is_text`] travel unencoded; a route that takes `OPTIONS` (`ANY` and `$default` do) gets
//! preflights as well, and the gateway itself answers only those that no route takes.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, request::Parts};
use serde_json::{Map, Value, json};

use crate::clock::Now;
use crate::template::{Cors, Route};

/// HTTP API quotas: bytes of body, bytes of request line and headers, time for an integration.
const MAX_BODY: usize = 10 * 1024 * 1024;
const MAX_HEAD: usize = 10_240;
const TIMEOUT: Duration = Duration::from_secs(30);
/// Lambda quota: bytes of JSON, the event's as well as the answer's.
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;
/// Headers that concern one connection only, or that the event carries elsewhere.
const NOT_FORWARDED: &str = "connection content-length cookie expect keep-alive proxy-connection \
     te trailer transfer-encoding upgrade";

/// An answer of the gateway's own.
type Own = (StatusCode, &'static str);
const FAILED: Own = (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
const BAD_REQUEST: Own = (StatusCode::BAD_REQUEST, "Bad Request");
const FOREIGN_HOST: Own = (StatusCode::FORBIDDEN, "Forbidden");
const LATE: Own = (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
const LONG_HEAD: Own = (
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "Request Header Fields Too Large",
);
const NOT_FOUND: Own = (StatusCode::NOT_FOUND, "Not Found");
const PREFLIGHT: Own = (StatusCode::NO_CONTENT, "");
const TOO_LARGE: Own = (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");

/// The names and decoded values of a path's variables.
pub type Params = Vec<(String, String)>;

/// The HTTP API: routes, CORS and a clock.
pub struct Gateway {
    routes: Vec<Route>,
    cors: Option<Cors>,
    now: Now,
    timeout: Duration,
    served: AtomicU64,
}

impl Gateway {
    /// A gateway over these routes, whose paths and methods are those of a valid template. A function
    /// that has `answer` to answer in is waited for that long, if it is longer than the quota.
    pub fn new(routes: Vec<Route>, cors: Option<Cors>, now: Now, answer: Duration) -> Self {
        Self {
            routes,
            cors,
            now,
            timeout: TIMEOUT.max(answer),
            served: AtomicU64::new(0),
        }
    }

    /// The route for a request with its path parameters; `path` is as in the request line.
    ///
    /// Fixed paths and variables come before `{proxy+}`, the most specific first, a route of the
    /// very method before `ANY`, `$default` last (developer guide, "Routing API requests").
    pub fn route(&self, method: &Method, path: &str) -> Option<(&Route, Params)> {
        let path = clear_path(path);
        let takes = |route: &&Route| route.method.as_ref().is_none_or(|own| own == method);
        let own = self.routes.iter().filter(takes);
        let fitting = own.filter_map(|route| Some((route, bind(&route.path, &path)?)));
        let best = fitting.min_by_key(|(route, _)| rank(route));
        let mut all = self.routes.iter();
        best.or_else(|| Some((all.find(|route| route.path == "$default")?, Params::new())))
    }

    /// The payload 2.0 event for a request on `route`.
    pub fn event(
        &self,
        route: &Route,
        params: Params,
        request: &Parts,
        body: &Bytes,
        source_ip: IpAddr,
        request_id: String,
    ) -> Value {
        let now = (self.now)();
        let key = match (&route.method, route.path.as_str()) {
            (_, "$default") => "$default".to_owned(),
            (method, path) => format!("{} {path}", method.as_ref().map_or("ANY", Method::as_str)),
        };
        let path = clear_path(request.uri.path());
        let query = request.uri.query().unwrap_or_default();
        let (domain, port) = name_and_port(host(request));
        let all = |name: &HeaderName| joined(&request.headers, name, ",");

        let mut headers = Map::new();
        for name in request.headers.keys().filter(|name| forwarded(name)) {
            headers.insert(name.to_string(), json!(all(name)));
        }
        let client = match all(&HeaderName::from_static("x-forwarded-for")) {
            earlier if earlier.is_empty() => source_ip.to_string(),
            earlier => format!("{earlier}, {source_ip}"),
        };
        headers.insert("content-length".into(), json!(body.len().to_string()));
        headers.insert("host".into(), json!(host(request)));
        headers.insert("x-forwarded-for".into(), json!(client));
        headers.insert("x-forwarded-port".into(), json!(port));
        headers.insert("x-forwarded-proto".into(), json!("http"));

        let mut event = json!({
            "version": "2.0",
            "routeKey": key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "local",
                "domainName": domain,
                "domainPrefix": domain.split('.').next(),
                "http": {
                    "method": request.method.as_str(),
                    "path": path,
                    "protocol": format!("{:?}", request.version),
                    "sourceIp": source_ip.to_string(),
                    "userAgent": all(&header::USER_AGENT),
                },
                "requestId": request_id,
                "routeKey": key,
                "stage": "$default",
                "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "timeEpoch": now.as_millisecond(),
            },
            "isBase64Encoded": false,
        });
        let cookies = joined(&request.headers, &header::COOKIE, ";");
        let cookies = cookies.split(';').map(str::trim);
        let cookies: Vec<&str> = cookies.filter(|one| !one.is_empty()).collect();
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        if !query.is_empty() {
            event["queryStringParameters"] = query_parameters(query);
        }
        if !params.is_empty() {
            event["pathParameters"] = params.into_iter().collect();
        }
        if !body.is_empty() {
            let text = str::from_utf8(body).ok();
            let text = text.filter(|_| is_text(&all(&header::CONTENT_TYPE)));
            event["isBase64Encoded"] = json!(text.is_none());
            event["body"] = text.map_or_else(|| json!(STANDARD.encode(body)), |text| json!(text));
        }
        event
    }

    /// A function's answer as HTTP. As AWS does: without a `statusCode` the whole answer is the
    /// JSON body of a 200, `multiValueHeaders` count for nothing, a malformed answer is a 500.
    pub fn response(&self, answer: Value) -> Response<Bytes> {
        read(answer).unwrap_or_else(|| {
            tracing::error!("a function's answer is not of payload format 2.0, or too large");
            own_answer(FAILED)
        })
    }

    /// A request from end to end; `invoke` gets the function's logical id and the event.
    ///
    /// The gateway's own answers are 400 (the request's target is no path), 403 (a `Host` that is none), 404 (no route), 413, 431, 500
    /// (the function failed or answered nonsense) and 503 (nothing within 30 seconds).
    pub async fn serve<F, Fut>(
        &self,
        request: Request<Bytes>,
        source_ip: IpAddr,
        invoke: F,
    ) -> Response<Bytes>
    where
        F: FnOnce(String, Value) -> Fut,
        Fut: Future<Output = Result<Value, String>>,
    {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let count = self.served.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let millis = (self.now)().as_millisecond().to_be_bytes();
        let id = STANDARD.encode([&count[3..], &millis[2..]].concat());

        let mut response = match self.admit(&parts, &body, source_ip, id.clone()) {
            Err(own) => own_answer(own),
            Ok((function, event)) => {
                match tokio::time::timeout(self.timeout, invoke(function.clone(), event)).await {
                    Ok(Ok(answer)) => self.response(answer),
                    Ok(Err(error)) => {
                        tracing::error!("{function} failed: {error}");
                        own_answer(FAILED)
                    }
                    Err(_) => own_answer(LATE),
                }
            }
        };
        if let Some(cors) = &self.cors {
            cors.share(&parts, response.headers_mut());
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        tracing::info!(
            status = response.status().as_u16(),
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "{} {}",
            parts.method,
            parts.uri.path(),
        );
        response
    }

    /// The function and its event, or what the gateway answers by itself.
    fn admit(
        &self,
        parts: &Parts,
        body: &Bytes,
        source_ip: IpAddr,
        request_id: String,
    ) -> Result<(String, Value), Own> {
        let line = parts.method.as_str().len() + parts.uri.to_string().len();
        let headers = parts.headers.iter();
        let lengths = headers.map(|(name, value)| name.as_str().len() + value.len());
        if line + lengths.sum::<usize>() > MAX_HEAD {
            return Err(LONG_HEAD);
        }
        if body.len() > MAX_BODY {
            return Err(TOO_LARGE);
        }
        if !parts.uri.path().starts_with('/') {
            return Err(BAD_REQUEST);
        }
        if !is_host(host(parts)) {
            return Err(FOREIGN_HOST);
        }
        let own = match &self.cors {
            Some(_) if is_preflight(parts) => PREFLIGHT,
            _ => NOT_FOUND,
        };
        let (route, params) = self.route(&parts.method, parts.uri.path()).ok_or(own)?;
        let event = self.event(route, params, parts, body, source_ip, request_id);
        match is_oversize(&event) {
            true => Err(TOO_LARGE),
            false => Ok((route.function.clone(), event)),
        }
    }
}

impl Cors {
    /// Puts the configured headers in the place of the function's own.
    pub(crate) fn share(&self, request: &Parts, headers: &mut HeaderMap) {
        let names: Vec<HeaderName> = headers.keys().cloned().collect();
        for name in names {
            if name.as_str().starts_with("access-control-") {
                headers.remove(name);
            }
        }
        let origin = request.headers.get(header::ORIGIN);
        let Some(origin) = origin.and_then(|origin| origin.to_str().ok()) else {
            return;
        };
        let scheme = origin.split("://").next().unwrap_or_default();
        let is = |allowed: &str| self.allow_origins.iter().any(|one| one == allowed);
        let origin = match is("*") {
            true => "*",
            false if is(origin) || is(&format!("{scheme}://*")) => origin,
            false => return,
        };
        let credentials = self.allow_credentials.then(|| "true".to_owned());
        let mut shared = vec![
            ("allow-origin", origin.to_owned()),
            ("allow-credentials", credentials.unwrap_or_default()),
            ("expose-headers", self.expose_headers.join(",")),
        ];
        if is_preflight(request) {
            let age = self.max_age_s.map(|age| age.to_string());
            shared.push(("allow-methods", self.allow_methods.join(",")));
            shared.push(("allow-headers", self.allow_headers.join(",")));
            shared.push(("max-age", age.unwrap_or_default()));
        }
        for (name, value) in shared.into_iter().filter(|(_, value)| !value.is_empty()) {
            let name = HeaderName::try_from(format!("access-control-{name}"));
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
    }
}

/// Whether a body of this type is passed on as text; all others go as base64, even a form.
pub fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let listed = ["json", "javascript", "xml"];
    let other = kind.strip_prefix("application/");
    kind.starts_with("text/") || other.is_some_and(|kind| listed.contains(&kind))
}

/// The path parameters if the path fits. `{name+}` takes an empty rest too (`/register/`).
fn bind(template: &str, path: &str) -> Option<Params> {
    let mut params = Params::new();
    let mut rest = Some(path.strip_prefix('/')?);
    for segment in template.strip_prefix('/')?.split('/') {
        let (value, after) = match rest?.split_once('/') {
            Some((value, after)) => (value, Some(after)),
            None => (rest?, None),
        };
        let name = segment.strip_prefix('{');
        let name = name.and_then(|name| name.strip_suffix('}'));
        match (name, name.and_then(|name| name.strip_suffix('+'))) {
            (_, Some(name)) => {
                params.push((name.to_owned(), rest?.to_owned()));
                return Some(params);
            }
            (Some(name), _) if !value.is_empty() => {
                params.push((name.to_owned(), value.to_owned()));
            }
            (None, _) if value == segment => {}
            _ => return None,
        }
        rest = after;
    }
    rest.is_none().then_some(params)
}

/// The more specific a route, the smaller.
fn rank(route: &Route) -> (bool, Reverse<usize>, Vec<bool>, bool) {
    let segments = route.path.split('/');
    let variables: Vec<bool> = segments.map(|segment| segment.starts_with('{')).collect();
    let (greedy, any) = (route.path.ends_with("+}"), route.method.is_none());
    (greedy, Reverse(variables.len()), variables, any)
}

/// The path as the HTTP API sees it: decoded, and cut at a decoded `?`.
fn clear_path(raw: &str) -> String {
    let decoded = decoded(raw);
    decoded.split('?').next().unwrap_or_default().to_owned()
}

/// Without percent-encoding; what is not UTF-8 becomes U+FFFD.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let byte = digit(0).zip(digit(1)).filter(|_| first == b'%');
        let byte = byte.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        out.push(byte.unwrap_or(first));
        rest = after.get(2..).filter(|_| byte.is_some()).unwrap_or(after);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn query_parameters(query: &str) -> Value {
    let mut parameters = Map::new();
    let query = query.replace('+', " ");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, mut value) = (decoded(name), decoded(value));
        if let Some(Value::String(earlier)) = parameters.get(&name) {
            value = format!("{earlier},{value}");
        }
        parameters.insert(name, json!(value));
    }
    Value::Object(parameters)
}

fn forwarded(name: &HeaderName) -> bool {
    !NOT_FORWARDED.split(' ').any(|other| other == name.as_str())
}

fn joined(headers: &HeaderMap, name: &HeaderName, separator: &str) -> String {
    let values = headers.get_all(name).into_iter();
    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(separator)
}

/// What the request is for, `localhost` where it does not say.
fn host(request: &Parts) -> &str {
    let named = request.uri.authority().map(|authority| authority.as_str());
    match request.headers.get(header::HOST) {
        Some(host) => host.to_str().unwrap_or_default(),
        None => named.unwrap_or("localhost"),
    }
}

fn name_and_port(host: &str) -> (&str, &str) {
    let split = host.rsplit_once(':').filter(|_| !host.ends_with(']'));
    split.unwrap_or((host, "80"))
}

/// AWS answers under its own names only; `lambda_http` panics where a URL cannot have the host.
fn is_host(host: &str) -> bool {
    let (name, port) = name_and_port(host);
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut labels = name.split('.');
    let top = name.rsplit('.').next().unwrap_or_default();
    let is_name = top.starts_with(|c: char| c.is_ascii_alphabetic())
        && labels.all(|label| !label.is_empty() && label.chars().all(inside))
        && !name.to_ascii_lowercase().contains("xn--");
    let is_v6 = name.starts_with('[') && format!("{name}:80").parse::<SocketAddr>().is_ok();
    (is_name || is_v6 || name.parse::<Ipv4Addr>().is_ok()) && port.parse::<u16>().is_ok()
}

pub(crate) fn is_preflight(request: &Parts) -> bool {
    let has = |name| request.headers.contains_key(name);
    let asks = has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD);
    asks && request.method == Method::OPTIONS
}

fn is_oversize(payload: &Value) -> bool {
    serde_json::to_vec(payload).map_or(true, |json| json.len() > MAX_PAYLOAD)
}

fn own_answer((status, message): Own) -> Response<Bytes> {
    let mut response = match message {
        "" => Response::new(Bytes::new()),
        _ => json_response(json!({ "message": message }).to_string()),
    };
    *response.status_mut() = status;
    response
}

fn json_response(body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn read(answer: Value) -> Option<Response<Bytes>> {
    let field = |name: &str| answer.get(name).filter(|value| !value.is_null());
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if is_oversize(&answer) {
        return None;
    }
    let Some(status) = field("statusCode") else {
        return Some(json_response(text(&answer)));
    };
    let status = u16::try_from(status.as_u64()?).ok()?;
    let body = field("body").map_or(Some(""), Value::as_str)?;
    let body = match field("isBase64Encoded").map_or(Some(false), Value::as_bool)? {
        true => Bytes::from(STANDARD.decode(body).ok()?),
        false => Bytes::from(body.to_owned()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, plain);
    for (name, value) in field("headers").map_or(Some(&Map::new()), Value::as_object)? {
        let name = HeaderName::try_from(name).ok()?;
        let value = HeaderValue::try_from(text(value)).ok()?;
        if forwarded(&name) {
            headers.insert(name, value);
        }
    }
    for cookie in field("cookies").map_or(Some(&Vec::new()), Value::as_array)? {
        headers.append(header::SET_COOKIE, cookie.as_str()?.try_into().ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests;
