//! `POST /v1/service/projects`: makes a project, which spends its video's length in seconds of detection.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    error::{Code, ErrorBody},
    http::Json,
    idempotency::{Creation, IdempotencyKey},
    reserve::Next,
    store::{Outcome, Race, Table, Transaction},
    throttle::{self, Limit},
    validate,
};
use futures_util::future::try_join;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    organization::{self, Organization, table},
    project::{LONGEST, ProjectId, ProjectResponse, StoredProject, project_key},
    seconds,
};

/// `orgs-create-project`
///
/// Budget: the caller; the throttle and the organisation at once; one transaction; what is spent now, and the
/// letters where there is something to tell; of a replay, what it made; where a bucket has not enough, all of
/// them and the transaction again; where all together have not, once more as they are at one moment, and the
/// organisation.
pub const FUNCTION: Function = Function::http("orgs-create-project", || {
    OpenApiRouter::new().routes(routes!(create_project))
})
.budget(8);

/// Projects an organisation makes: beyond them its items would be too hot.
const RATE: Limit = Limit::new("PROJECT_RATE", 100, 1);
/// What a project's status is unless told.
const CREATED: &str = "created";

/// A project to be made.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "my_video.mp4", "video_length": 120}))]
pub struct ProjectRequest {
    /// What it is called: 1–255 characters, no space at either end.
    #[garde(
        length(chars, min = 1, max = 255),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^\S(.*\S)?$",
        example = "my_video.mp4"
    )]
    pub name: String,
    /// The video's length, in seconds.
    #[garde(range(min = 1, max = LONGEST))]
    #[schema(minimum = 1, maximum = 360_000, example = 120)]
    pub video_length: u32,
    /// How far the client has come with it, in its own words: 1–50 characters, `created` unless told.
    #[garde(inner(
        length(chars, min = 1, max = 50),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[schema(
        min_length = 1,
        max_length = 50,
        pattern = r"^\S(.*\S)?$",
        example = "created"
    )]
    pub status: Option<String>,
}

/// Makes a project
///
/// It spends the seconds of its video, which its deletion does not give back.
#[utoipa::path(
    post, path = "/v1/service/projects", tag = "orgs",
    operation_id = "createProject",
    security(("access_token" = []), ("id_token" = [])),
    params(IdempotencyKey),
    request_body = ProjectRequest,
    responses(
        (status = 200, body = ProjectResponse, description = "The project"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "The seconds are used up (`quota_exceeded`), or the caller belongs to no organisation"),
        (status = 409, body = ErrorBody, description = "The `Idempotency-Key` was used for something else"),
        (status = 429, body = ErrorBody, description = "The organisation makes more than a hundred a second"),
    )
)]
pub async fn create_project(
    State(app): State<App>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<ProjectRequest>,
) -> Result<axum::Json<ProjectResponse>> {
    let (me, organization_id) = (caller.user_id, caller.organization_id);
    let scope = format!("orgs-create-project\n{organization_id}\n{me}");
    let creation = key.creation(&app, &scope, &body)?;
    let table = table(&app)?;
    let by_organization = organization_id.to_string();
    let counted = throttle::count(&app, &table, "project", &by_organization, &RATE);
    let (mut organization, ()) =
        try_join(organization::of_caller(&table, &caller), counted).await?;
    let project = StoredProject {
        project_id: ProjectId::new(&app),
        organization_id,
        user_id: me,
        name: body.name,
        video_length: body.video_length,
        status: body.status.unwrap_or_else(|| CREATED.to_owned()),
        created_at: app.now(),
    };
    let creation = creation.as_ref();
    let mut race = Race::new(&app);
    let made = loop {
        match make(&app, &table, &caller, &organization, &project, creation).await? {
            Made::Now => break Ok(project),
            Made::Before(id) => {
                let before: Option<StoredProject> =
                    table.get(&project_key(organization_id, id)).await?;
                break before.ok_or_else(|| {
                    Error::conflict("this Idempotency-Key was used for a project that is gone")
                });
            }
            Made::Short { left } => {
                let now = organization::of_caller(&table, &caller).await?;
                if now.grant == organization.grant {
                    let message = format!("only {left} seconds of detection are left");
                    break Err(Error::new(Code::QuotaExceeded, message));
                }
                // Others were granted meanwhile.
                organization = now;
            }
        }
        race.lost().await?;
    };
    // What is made is made: whoever spends next tells of it.
    if let Err(error) = seconds::tell(&app, &organization).await {
        tracing::warn!(%error, "nobody was told what is spent");
    }
    made.map(|project| axum::Json(project.into()))
}

/// What became of a project.
enum Made {
    /// It is there.
    Now,
    /// The same request has made another one before.
    Before(ProjectId),
    /// There are too few seconds.
    Short {
        /// How many there are.
        left: u64,
    },
}

/// Makes a project of what an organisation was granted. From one request.
async fn make(
    app: &App,
    table: &Table,
    caller: &Caller,
    organization: &Organization,
    project: &StoredProject,
    creation: Option<&Creation>,
) -> Result<Made> {
    let reserve = seconds::reserve(app, organization)?;
    let mut taking = reserve.taking(project.video_length);
    loop {
        let mut tx = Transaction::new(app);
        let belongs = caller.check(&mut tx, table);
        for key in project.keys() {
            tx.create(table, key, project)?;
        }
        taking.take(&mut tx);
        seconds::spend(&mut tx, table, organization, caller, project.video_length);
        match tx.commit_once(table, creation, &project.project_id).await? {
            Outcome::Done => return Ok(Made::Now),
            Outcome::Replayed { id, .. } => return Ok(Made::Before(id)),
            // They left, or have another role, since they were looked up.
            Outcome::Refused(refused) if refused.is(belongs) => return Err(Error::unavailable(1)),
            Outcome::Refused(refused) => {
                if let Next::Short { left } = taking.after(&refused).await? {
                    return Ok(Made::Short { left });
                }
            }
        }
    }
}
