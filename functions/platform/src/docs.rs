//! `GET /docs`: the API reference, one page that reads `/openapi.json` and nothing else.

use axum::{
    http::{HeaderValue, header},
    response::IntoResponse,
};
use enishi_shared::Function;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `platform-docs`
pub const FUNCTION: Function = Function::http("platform-docs", || {
    OpenApiRouter::new().routes(routes!(docs))
});

/// The page needs its own style and script, and the document; nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The API reference for people
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "getApiReference",
    tag = "platform",
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub async fn docs() -> impl IntoResponse {
    (
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(POLICY),
            ),
            (
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=300"),
            ),
        ],
        include_str!("docs.html"),
    )
}
