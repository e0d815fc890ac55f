//! `GET /api/departments`: the departments to choose from.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Query};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    choice::{Choice, ChoiceKind},
    choices::{ChoicesQuery, page},
};

/// `visits-departments`
pub const FUNCTION: Function = Function::http("visits-departments", || {
    OpenApiRouter::new().routes(routes!(departments))
})
.budget(1);

/// Departments, in the order of their names
///
/// Those of whom somebody was verified. Others can be named at the sign-up too.
#[utoipa::path(
    get, path = "/api/departments", tag = "visits",
    operation_id = "listDepartments",
    params(ChoicesQuery),
    responses(
        (status = 200, description = "The departments; `Link` leads to the next page", body = [Choice]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
    )
)]
pub async fn departments(
    State(app): State<App>,
    uri: Uri,
    Query(query): Query<ChoicesQuery>,
) -> Result<impl IntoResponse> {
    page(&app, ChoiceKind::Department, &query, &uri).await
}
