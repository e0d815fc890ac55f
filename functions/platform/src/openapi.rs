//! `GET /openapi.json`: OpenAPI 3.1 of every endpoint.
//!
//! The document is generated from the handlers of all services by `cargo run -- generate` and kept
//! beside this crate; a test holds the two together. So this function links no other service.

use axum::{
    http::{HeaderValue, header},
    response::IntoResponse,
};
use enishi_shared::Function;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `platform-openapi`
pub const FUNCTION: Function = Function::http("platform-openapi", || {
    OpenApiRouter::new().routes(routes!(openapi))
});

/// The document, as it is served.
pub const DOCUMENT: &str = include_str!("../openapi.json");

/// The OpenAPI 3.1 description of this API
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getOpenApiDocument",
    tag = "platform",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value, content_type = "application/json"))
)]
pub async fn openapi() -> impl IntoResponse {
    (
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            ),
            (
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=300"),
            ),
        ],
        DOCUMENT,
    )
}
