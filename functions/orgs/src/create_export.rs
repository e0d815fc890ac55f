//! `POST /v1/service/exports`: notes that a video was exported.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    error::ErrorBody,
    http::Json,
    idempotency::IdempotencyKey,
    store::{Key, Outcome, Transaction, when},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    caller::Caller,
    organization::{OrganizationId, table},
    project::{ProjectId, ProjectResponse, visible},
};

/// `orgs-create-export`
///
/// Budget: the caller, the project, one transaction.
pub const FUNCTION: Function = Function::http("orgs-create-export", || {
    OpenApiRouter::new().routes(routes!(create_export))
})
.budget(3);

/// An export to be noted.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"project_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f56", "is_timerecord": 1}))]
pub struct ExportRequest {
    /// Of which project.
    #[garde(skip)]
    pub project_id: ProjectId,
    /// 1 where the time was recorded with it, else 0.
    #[garde(range(max = 1))]
    #[schema(minimum = 0, maximum = 1, example = 1)]
    pub is_timerecord: u8,
}

/// An export as it lies in the table.
#[derive(Serialize)]
struct Export {
    export_id: Uuid,
    project_id: ProjectId,
    user_id: UserId,
    is_timerecord: u8,
    created_at: Timestamp,
}

/// The partition of an organisation's exports, in the order in which they were made. They stay when their
/// project goes.
pub fn exports(organization_id: OrganizationId) -> String {
    format!("EXPORTS#{organization_id}")
}

/// Notes that a video was exported
///
/// Of a project of one's own, or, by an admin, of the organisation.
#[utoipa::path(
    post, path = "/v1/service/exports", tag = "orgs",
    operation_id = "createExport",
    security(("access_token" = []), ("id_token" = [])),
    params(IdempotencyKey),
    request_body = ExportRequest,
    responses(
        (status = 200, body = ProjectResponse, description = "The project that was exported"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `project_id`: no project that the caller may see (`missing`)"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "The caller belongs to no organisation"),
        (status = 409, body = ErrorBody, description = "The `Idempotency-Key` was used for something else"),
    )
)]
pub async fn create_export(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<ExportRequest>,
) -> Result<axum::Json<ProjectResponse>> {
    let (me, organization_id) = (caller.user_id, caller.organization_id);
    let scope = format!("orgs-create-export\n{organization_id}\n{me}");
    let creation = key.creation(&app, &scope, &body)?;
    let table = table(&app)?;
    let unknown = || Error::unknown("project_id");
    let project = visible(&table, &caller, body.project_id).await?;
    let project = project.ok_or_else(unknown)?;
    let export = Export {
        export_id: app.new_id(),
        project_id: project.project_id,
        user_id: me,
        is_timerecord: body.is_timerecord,
        created_at: app.now(),
    };
    let mut tx = Transaction::new(&app);
    let [of_organization, _] = project.keys();
    let is_there = tx.check(&table, of_organization, when().exists("pk"));
    caller.check(&mut tx, &table);
    let place = Key::new(exports(organization_id), export.export_id.to_string());
    tx.create(&table, place, &export)?;
    match tx
        .commit_once(&table, creation.as_ref(), &export.export_id)
        .await?
    {
        Outcome::Done | Outcome::Replayed { .. } => Ok(axum::Json(project.into())),
        // It was deleted since it was looked up, or the caller has left.
        Outcome::Refused(refused) if refused.is(is_there) => Err(unknown()),
        Outcome::Refused(_) => Err(Error::unavailable(1)),
    }
}
