//! `GET /api/companies`: the companies to choose from.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Query};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    choice::{Choice, ChoiceKind},
    choices::{ChoicesQuery, page},
};

/// `visits-companies`
pub const FUNCTION: Function = Function::http("visits-companies", || {
    OpenApiRouter::new().routes(routes!(companies))
})
.budget(1);

/// Companies, in the order of their names
///
/// Those of whom somebody was verified. Others can be named at the sign-up too.
#[utoipa::path(
    get, path = "/api/companies", tag = "visits",
    operation_id = "listCompanies",
    params(ChoicesQuery),
    responses(
        (status = 200, description = "The companies; `Link` leads to the next page", body = [Choice]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
    )
)]
pub async fn companies(
    State(app): State<App>,
    uri: Uri,
    Query(query): Query<ChoicesQuery>,
) -> Result<impl IntoResponse> {
    page(&app, ChoiceKind::Company, &query, &uri).await
}
