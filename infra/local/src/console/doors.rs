//! Who gets in.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, uri::Authority};

use super::{Console, assets};

/// What every answer says: nothing of it is for other pages, and it takes nothing from elsewhere.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Lets through what is sent to this machine by its own name, at this port, and by no page of another
/// origin. A page whose host name was made to lead here (DNS rebinding) says its own host's name.
pub async fn this_machine(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match foreign(&console, request.headers(), request.uri()) {
        Some(sentence) => (StatusCode::FORBIDDEN, sentence).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What has a policy of its own keeps it.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert_with(assets::policy);
    response
}

fn foreign(console: &Console, headers: &HeaderMap, uri: &http::Uri) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).or_else(|| uri.authority().map(Authority::as_str));
    let port = console.address.port();
    let own = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
    let host = own.iter().find(|own| Some(own.as_str()) == host);
    let Some(host) = host else {
        return Some("the console answers to 127.0.0.1 and localhost only\n");
    };
    let origin = text(header::ORIGIN);
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let same_origin = origin.is_none_or(|origin| origin == format!("http://{host}"));
    // A link or a bookmark leads to the page itself, and is no request of another page's.
    let mode = text(HeaderName::from_static("sec-fetch-mode"));
    let own_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"))
        || (mode == Some("navigate") && uri.path() == "/");
    match same_origin && own_site {
        true => None,
        false => Some("the console answers to its own pages only\n"),
    }
}

/// Lets through who says the token.
pub async fn token(State(console): State<Console>, request: Request, next: Next) -> Response {
    let said = request.headers().get(header::AUTHORIZATION);
    let said = said.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if said.is_some_and(|token| console.opens(token)) {
        return next.run(request).await;
    }
    let sentence = "open the console at the address that `cargo run` shows: its token is in it\n";
    (StatusCode::UNAUTHORIZED, sentence).into_response()
}
