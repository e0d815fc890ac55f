//! A project: a video, and the seconds of detection that were spent on it. It lies under its organisation and
//! once more among its creator's, and all that writes the one writes the other.

use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Error, Result, UserId,
    store::{Key, Part, Table, Transaction, s, when},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    caller::Caller,
    create_export::exports,
    organization::{OrganizationId, Role, partition},
    time,
};

/// What the sort keys of projects begin with.
pub const PROJECTS: &str = "PROJECT#";
/// The longest video, in seconds: a hundred hours.
pub const LONGEST: u32 = 360_000;

/// A project's id: a UUIDv7.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    FromStr,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f56")]
pub struct ProjectId(Uuid);

impl ProjectId {
    /// The id of a new one.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }
}

/// A project as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredProject {
    /// Which.
    pub project_id: ProjectId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Who made it.
    pub user_id: UserId,
    /// What it is called.
    pub name: String,
    /// The video's length, in seconds.
    pub video_length: u32,
    /// How far the client has come with it, in its own words.
    pub status: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where a project lies.
pub fn project_key(organization_id: OrganizationId, project_id: ProjectId) -> Key {
    Key::new(
        partition(organization_id),
        format!("{PROJECTS}{project_id}"),
    )
}

/// The partition of what a member has made in an organisation.
pub fn own_partition(organization_id: OrganizationId, user_id: UserId) -> String {
    format!("MINE#{organization_id}#{user_id}")
}

impl StoredProject {
    /// Where it lies.
    pub fn keys(&self) -> [Key; 2] {
        let of_organization = project_key(self.organization_id, self.project_id);
        let own = own_partition(self.organization_id, self.user_id);
        let own = Key::new(own, of_organization.sk.clone());
        [of_organization, own]
    }

    /// Takes it out of both places; refused where it is gone.
    pub fn delete(&self, tx: &mut Transaction, table: &Table) -> Part {
        let [of_organization, own] = self.keys();
        tx.delete(table, own);
        tx.delete_when(table, of_organization, when().exists("pk"))
    }
}

/// A project if the caller may see it: they their own, an admin each of their organisation's. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn visible(
    table: &Table,
    caller: &Caller,
    project_id: ProjectId,
) -> Result<Option<StoredProject>> {
    let key = project_key(caller.organization_id, project_id);
    let project = table.get::<StoredProject>(&key).await?;
    let is_theirs = |it: &StoredProject| caller.role == Role::Admin || it.user_id == caller.user_id;
    Ok(project.filter(is_theirs))
}

/// The 404 of what is no project, or not the caller's to see.
pub fn no_project() -> Error {
    Error::not_found("project")
}

/// Erases all that an organisation's members have made, once it is closed.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; what is erased again does no harm.
pub async fn erase_all(app: &App, table: &Table, organization_id: OrganizationId) -> Result<()> {
    let made = table
        .query("pk = :organization AND begins_with(sk, :projects)")
        .value(":organization", s(partition(organization_id)))
        .value(":projects", s(PROJECTS));
    made.each(|project: StoredProject| async move {
        let mut tx = Transaction::new(app);
        project.delete(&mut tx, table);
        tx.commit().await.map(drop)
    })
    .await?;
    table.delete_all(&exports(organization_id), "").await
}

/// A project as it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Project {
    /// Which.
    pub id: ProjectId,
    /// When it was made, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub created_at: Timestamp,
    /// Who made it.
    pub user_id: UserId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What it is called.
    #[schema(example = "my_video.mp4")]
    pub name: String,
    /// The video's length, in seconds.
    #[schema(example = 120)]
    pub video_length: u32,
    /// How far the client has come with it.
    #[schema(example = "created")]
    pub status: String,
}

impl From<StoredProject> for Project {
    fn from(project: StoredProject) -> Self {
        Self {
            id: project.project_id,
            created_at: project.created_at,
            user_id: project.user_id,
            organization_id: project.organization_id,
            name: project.name,
            video_length: project.video_length,
            status: project.status,
        }
    }
}

/// A project in an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProjectResponse {
    /// It.
    pub project: Project,
}

impl From<StoredProject> for ProjectResponse {
    fn from(project: StoredProject) -> Self {
        Self {
            project: project.into(),
        }
    }
}
