//! `DELETE /v1/service/projects/{project_id}`: deletes a project. The seconds that it has spent stay spent.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    error::ErrorBody,
    http::Path,
    store::{Outcome, Transaction},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{Action, write_down},
    caller::Caller,
    organization::table,
    project::{ProjectId, no_project, visible},
};

/// `orgs-delete-project`
///
/// Budget: the caller, the project, one transaction.
pub const FUNCTION: Function = Function::http("orgs-delete-project", || {
    OpenApiRouter::new().routes(routes!(delete_project))
})
.budget(3);

/// What is left of a deleted project: nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({}))]
pub struct NoProject {}

/// The answer to a deletion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"project": {}}))]
pub struct ProjectDeleted {
    /// An empty object.
    pub project: NoProject,
}

/// Deletes a project
///
/// By whoever made it, or an admin. What it has spent is not given back.
#[utoipa::path(
    delete, path = "/v1/service/projects/{project_id}", tag = "orgs",
    operation_id = "deleteProject",
    security(("access_token" = []), ("id_token" = [])),
    params(("project_id" = ProjectId, Path, description = "The project")),
    responses(
        (status = 200, body = ProjectDeleted, description = "It is deleted"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "The caller belongs to no organisation"),
        (status = 404, body = ErrorBody, description = "No project that the caller may see"),
    )
)]
pub async fn delete_project(
    State(app): State<App>,
    caller: Caller,
    Path(project_id): Path<ProjectId>,
) -> Result<axum::Json<ProjectDeleted>> {
    let table = table(&app)?;
    let project = visible(&table, &caller, project_id).await?;
    let project = project.ok_or_else(no_project)?;
    let mut tx = Transaction::new(&app);
    project.delete(&mut tx, &table);
    let (me, organization_id) = (caller.user_id, caller.organization_id);
    let whom = project.user_id.to_string();
    write_down(
        &mut tx,
        &table,
        me,
        organization_id,
        Action::DeleteProject,
        Some(&whom),
    )?;
    match tx.commit().await? {
        Outcome::Done => Ok(axum::Json(ProjectDeleted {
            project: NoProject {},
        })),
        // Somebody else was faster.
        Outcome::Refused(_) => Err(no_project()),
    }
}
