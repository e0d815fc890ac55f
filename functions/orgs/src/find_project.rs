//! `GET /v1/service/projects/{project_id}`: a project.

use axum::extract::State;
use enishi_shared::{App, Function, Result, error::ErrorBody, http::Path};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    organization::table,
    project::{ProjectId, ProjectResponse, no_project, visible},
};

/// `orgs-find-project`
///
/// Budget: the caller, the project.
pub const FUNCTION: Function = Function::http("orgs-find-project", || {
    OpenApiRouter::new().routes(routes!(find_project))
})
.budget(2);

/// A project
///
/// One's own; an admin's organisation's.
#[utoipa::path(
    get, path = "/v1/service/projects/{project_id}", tag = "orgs",
    operation_id = "getProject",
    security(("access_token" = []), ("id_token" = [])),
    params(("project_id" = ProjectId, Path, description = "The project")),
    responses(
        (status = 200, body = ProjectResponse, description = "The project"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "The caller belongs to no organisation"),
        (status = 404, body = ErrorBody, description = "No project that the caller may see"),
    )
)]
pub async fn find_project(
    State(app): State<App>,
    caller: Caller,
    Path(project_id): Path<ProjectId>,
) -> Result<axum::Json<ProjectResponse>> {
    let project = visible(&table(&app)?, &caller, project_id).await?;
    let project = project.ok_or_else(no_project)?;
    Ok(axum::Json(project.into()))
}
