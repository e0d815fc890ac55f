//! `GET /openapi.json`: OpenAPI 3.1 of every endpoint; `GET /asyncapi.json`: AsyncAPI 3.0 of the
//! WebSocket's messages.
//!
//! The documents are generated from the handlers of all services by `cargo run -- generate` and kept
//! beside this crate; tests hold them together. So this function links no other service.

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use enishi_shared::{App, Function};
use jiff::{ToSpan as _, tz::TimeZone};
use utoipa_axum::{router::OpenApiRouter, routes};

/// `platform-openapi`
pub const FUNCTION: Function = Function::http("platform-openapi", || {
    OpenApiRouter::new()
        .routes(routes!(openapi))
        .routes(routes!(asyncapi))
});

/// The document, but for the day of its examples.
pub const DOCUMENT: &str = include_str!("../openapi.json");
/// The day that examples name as one to come.
const DAY: &str = "\"2026-11-21\"";

const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    ),
    (
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    ),
];

/// The OpenAPI 3.1 description of this API
///
/// The days to come in its examples are the day after tomorrow, so that they can be sent as they stand.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApiDocument",
    tag = "platform",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json", example = json!({"openapi": "3.1.0"})))
)]
pub async fn openapi(State(app): State<App>) -> impl IntoResponse {
    // Neither past nor far away, wherever the slots are.
    let today = app.now().to_zoned(TimeZone::UTC).date();
    let day = today.saturating_add(2.days());
    (HEADERS, DOCUMENT.replace(DAY, &format!("\"{day}\"")))
}

/// The AsyncAPI 3.0 description of the WebSocket's messages
#[utoipa::path(
    get,
    path = "/asyncapi.json",
    operation_id = "getAsyncApiDocument",
    tag = "platform",
    responses((status = 200, description = "AsyncAPI 3.0", body = Object, content_type = "application/json", example = json!({"asyncapi": "3.0.0"})))
)]
pub async fn asyncapi() -> impl IntoResponse {
    (HEADERS, include_str!("../asyncapi.json"))
}
