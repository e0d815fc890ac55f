//! `GET /v1/service/projects`: my projects, or my organisation's.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Query};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    list::{List, PageQuery},
    organization::{partition, table},
    project::{PROJECTS, Project, StoredProject, own_partition},
};

/// `orgs-projects`
///
/// Budget: the caller, the projects.
pub const FUNCTION: Function = Function::http("orgs-projects", || {
    OpenApiRouter::new().routes(routes!(projects))
})
.budget(2);

/// Which projects, and which page of them.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectsQuery {
    /// Whose: one's own unless told.
    #[garde(skip)]
    #[param(inline)]
    pub scope: Option<Scope>,
    /// How many at the most: 1–100, 100 unless told.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 100)]
    pub limit: Option<i32>,
    /// Where the last page ended, from its `Link` header.
    #[garde(length(max = 512))]
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

/// Whose projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The organisation's, for an admin.
    Organization,
}

/// Projects in an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProjectsResponse {
    /// The newest first.
    pub projects: Vec<Project>,
}

/// My projects, or my organisation's
///
/// The newest first. `?scope=organization` is for an admin.
#[utoipa::path(
    get, path = "/v1/service/projects", tag = "orgs",
    operation_id = "listProjects",
    security(("access_token" = []), ("id_token" = [])),
    params(ProjectsQuery),
    responses(
        (status = 200, body = ProjectsResponse, description = "The projects; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "Not an admin, or the caller belongs to no organisation"),
    )
)]
pub async fn projects(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Query(query): Query<ProjectsQuery>,
) -> Result<(HeaderMap, axum::Json<ProjectsResponse>)> {
    let pk = match query.scope {
        None => own_partition(caller.organization_id, caller.user_id),
        Some(Scope::Organization) => {
            caller.admin()?;
            partition(caller.organization_id)
        }
    };
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let list = List {
        pk,
        prefix: PROJECTS,
    };
    let (link, projects) = list
        .page::<StoredProject>(&table(&app)?, true, &page, &uri)
        .await?;
    let projects = projects.into_iter().map(Project::from).collect();
    Ok((link, axum::Json(ProjectsResponse { projects })))
}
