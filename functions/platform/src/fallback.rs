//! The catch-all route: what no other route takes answers in the error body, 404 for an unknown
//! path, 405 with `Allow` for a method that the path does not take.

use std::sync::OnceLock;

use axum::{
    http::{HeaderValue, Method, Uri, header},
    response::{IntoResponse, Response},
    routing::any,
};
use enishi_shared::{Error, Function, error::Code, http::no_content};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;

use crate::{allow::allowed_methods, openapi::DOCUMENT};

/// `platform-fallback`
pub const FUNCTION: Function = Function::http("platform-fallback", || {
    OpenApiRouter::new()
        .route("/", any(fallback))
        .route("/{*path}", any(fallback))
});

/// Every documented path with its methods.
fn paths() -> &'static [(String, Vec<String>)] {
    static PATHS: OnceLock<Vec<(String, Vec<String>)>> = OnceLock::new();
    PATHS.get_or_init(|| {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
        let Some(paths) = document.get("paths").and_then(Value::as_object) else {
            return Vec::new();
        };
        paths
            .iter()
            .filter_map(|(path, operations)| {
                let methods = operations.as_object()?.keys();
                Some((path.clone(), methods.map(|m| m.to_uppercase()).collect()))
            })
            .collect()
    })
}

async fn fallback(method: Method, uri: Uri) -> Response {
    let methods = allowed_methods(paths(), uri.path());
    if methods.is_empty() {
        return Error::not_found("path").into_response();
    }
    let allow = HeaderValue::from_str(&methods.join(", ")).ok();
    // API Gateway hands the catch-all a browser's preflights and adds the CORS headers itself.
    if method == Method::OPTIONS {
        let mut response = no_content();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        return response;
    }
    let error = Error::new(
        Code::MethodNotAllowed,
        format!("this path takes {}", methods.join(", ")),
    );
    match allow {
        Some(allow) => error.with_header(header::ALLOW, allow),
        None => error,
    }
    .into_response()
}
