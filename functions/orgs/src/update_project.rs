//! `PUT /v1/service/projects/{project_id}`: renames a project, or says how far it has come.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    error::ErrorBody,
    http::{Json, Path},
    patch::given,
    store::{Change, Outcome, Race, Transaction, when},
    validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    organization::table,
    project::{ProjectId, ProjectResponse, StoredProject, no_project, visible},
};

/// `orgs-update-project`
///
/// Budget: the caller, the project, one transaction.
pub const FUNCTION: Function = Function::http("orgs-update-project", || {
    OpenApiRouter::new().routes(routes!(update_project))
})
.budget(3);

/// What is to change: what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "my_video_2.mp4", "status": "exported"}))]
pub struct ProjectUpdate {
    /// What it is called: 1–255 characters, no space at either end.
    #[garde(inner(
        length(chars, min = 1, max = 255),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = r"^\S(.*\S)?$",
        example = "my_video_2.mp4"
    )]
    pub name: Option<String>,
    /// How far the client has come with it, in its own words: 1–50 characters.
    #[garde(inner(
        length(chars, min = 1, max = 50),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 50,
        pattern = r"^\S(.*\S)?$",
        example = "exported"
    )]
    pub status: Option<String>,
}

/// Changes a project
///
/// By whoever made it, or an admin.
#[utoipa::path(
    put, path = "/v1/service/projects/{project_id}", tag = "orgs",
    operation_id = "editProject",
    security(("access_token" = []), ("id_token" = [])),
    params(("project_id" = ProjectId, Path, description = "The project")),
    request_body = ProjectUpdate,
    responses(
        (status = 200, body = ProjectResponse, description = "The project as it is now"),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "The caller belongs to no organisation"),
        (status = 404, body = ErrorBody, description = "No project that the caller may see"),
    )
)]
pub async fn update_project(
    State(app): State<App>,
    caller: Caller,
    Path(project_id): Path<ProjectId>,
    Json(body): Json<ProjectUpdate>,
) -> Result<axum::Json<ProjectResponse>> {
    let table = table(&app)?;
    let mut race = Race::new(&app);
    loop {
        let before = visible(&table, &caller, project_id).await?;
        let before = before.ok_or_else(no_project)?;
        let after = StoredProject {
            name: body.name.clone().unwrap_or_else(|| before.name.clone()),
            status: body.status.clone().unwrap_or_else(|| before.status.clone()),
            ..before.clone()
        };
        let mut tx = Transaction::new(&app);
        for key in before.keys() {
            let change = Change::new()
                .set("name", &after.name)
                .set("status", &after.status);
            let as_read = when().eq("name", &before.name).eq("status", &before.status);
            tx.update(&table, key, change.when(as_read));
        }
        match tx.commit().await? {
            Outcome::Done => return Ok(axum::Json(after.into())),
            // Somebody else has changed it, or deleted it.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
