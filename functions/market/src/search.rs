//! `GET /api/item/search`: what is sold, by a keyword.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use enishi_shared::{App, Error, Function, Result, error::ErrorBody, http::Query};
use garde::{Validate, error::Path};
use serde::Deserialize;
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterIn},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::items::{ItemPreview, ItemsQuery, page};

/// `market-search`
///
/// Budget: the pairs of the keyword's characters, its words of one character, the facts, documents.
pub const FUNCTION: Function = Function::http("market-search", || {
    OpenApiRouter::new().routes(routes!(search))
})
.budget(crate::find::REQUESTS);

/// What a list takes, with a keyword.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct SearchItemsQuery(ItemsQuery);

impl Validate for SearchItemsQuery {
    type Context = ();

    fn validate_into(
        &self,
        context: &(),
        path: &mut dyn FnMut() -> Path,
        report: &mut garde::Report,
    ) {
        self.0.validate_into(context, path, report);
    }
}

impl IntoParams for SearchItemsQuery {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = ItemsQuery::into_params(place);
        for parameter in &mut parameters {
            if parameter.name == "keyword" {
                parameter.required = Required::True;
            }
        }
        parameters
    }
}

/// What is sold, by a keyword
///
/// The list of those items whose name, description, series or maker's name has all words of the keyword, in
/// the list's order. A page may be shorter than its limit; `Link` leads to the next one while there may be
/// more.
#[utoipa::path(
    get, path = "/api/item/search", tag = "market",
    operation_id = "searchItems",
    params(SearchItemsQuery),
    responses(
        (status = 200, body = [ItemPreview], description = "A page; with an `ETag`, for shared caches"),
        (status = 304, description = "As `If-None-Match` has it"),
        (status = 400, body = ErrorBody, description = "A parameter is missing or wrong"),
    )
)]
pub async fn search(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    Query(SearchItemsQuery(query)): Query<SearchItemsQuery>,
) -> Result<Response> {
    if query.keyword.is_none() {
        return Err(Error::missing("keyword"));
    }
    page(&app, &uri, &headers, query).await
}
