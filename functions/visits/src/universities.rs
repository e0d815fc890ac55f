//! `GET /api/universities`: the universities to choose from.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Query};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    choice::{Choice, ChoiceKind},
    choices::{ChoicesQuery, page},
};

/// `visits-universities`
pub const FUNCTION: Function = Function::http("visits-universities", || {
    OpenApiRouter::new().routes(routes!(universities))
})
.budget(1);

/// Universities, in the order of their names
///
/// Those of whom somebody was verified. Others can be named at the sign-up too.
#[utoipa::path(
    get, path = "/api/universities", tag = "visits",
    operation_id = "listUniversities",
    params(ChoicesQuery),
    responses(
        (status = 200, description = "The universities; `Link` leads to the next page", body = [Choice]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
    )
)]
pub async fn universities(
    State(app): State<App>,
    uri: Uri,
    Query(query): Query<ChoicesQuery>,
) -> Result<impl IntoResponse> {
    page(&app, ChoiceKind::University, &query, &uri).await
}
