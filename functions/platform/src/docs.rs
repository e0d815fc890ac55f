//! `GET /docs`: leads to the documentation, which is pages of the front end's (`infra/web/src/docs`).

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use enishi_shared::{
    App, Function, Result,
    app::{ConfigError, Configure, Env},
    frontend::FrontendUrl,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// `platform-docs`
pub const FUNCTION: Function = Function::http("platform-docs", || {
    OpenApiRouter::new().routes(routes!(docs))
});

/// `DOCS_URL`: where the documentation is; without one, `/docs` of the front end.
struct DocsUrl(String);

impl Configure for DocsUrl {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        match env.get("DOCS_URL") {
            Some(url) => Ok(Self(url.to_owned())),
            None => Ok(Self(format!("{}/docs", FrontendUrl::configure(env)?.0))),
        }
    }
}

/// The documentation for people
///
/// Leads to guides, this reference to try, the WebSocket's messages and the catalogue of errors.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "getApiReference",
    tag = "platform",
    responses((
        status = 302, description = "The documentation is there",
        headers(("Location" = String, description = "Its address")),
    ))
)]
pub async fn docs(State(app): State<App>) -> Result<impl IntoResponse> {
    let location = app.config::<DocsUrl>()?.0.clone();
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
    ];
    Ok((StatusCode::FOUND, headers))
}
