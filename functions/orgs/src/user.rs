//! The users object.

use enishi_shared::{App, Result, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    member::Member,
    organization::{Organization, OrganizationId, Role},
    seconds, time,
};

/// A user, as their organisation's admins and they themselves see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Since when they belong to the organisation, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub created_at: Timestamp,
    /// Their id at Firebase.
    #[schema(example = "4QSIV3gybIgbVmeSJ2RPx8AhHHW2")]
    pub uid: String,
    /// Their address.
    #[schema(example = "deepmosaic@deepmosaic.com")]
    pub email: String,
    /// Their organisation.
    pub organization_id: OrganizationId,
    /// What it calls itself.
    #[schema(example = "いろは株式会社")]
    pub company_name: String,
    /// Where it is.
    #[schema(example = "142-0003")]
    pub postal_code: String,
    /// What they may do there.
    pub role: Role,
    /// When they logged in last at Firebase, as far as was seen here, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub last_signin_at: Timestamp,
    /// 1 once they have the application, else 0.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    pub is_app_download: u8,
    /// 1: they have signed up.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    pub is_signup: u8,
    /// The organisation's seconds of detection that are left in this period.
    #[schema(example = 360)]
    pub video_length: u64,
}

impl User {
    /// A member of an organisation that has so many seconds left.
    pub fn new(member: Member, organization: &Organization, left: u64) -> Self {
        Self {
            id: member.user_id,
            created_at: member.created_at,
            uid: member.uid,
            email: member.email,
            organization_id: member.organization_id,
            company_name: organization.company_name.clone(),
            postal_code: organization.postal_code.clone(),
            role: member.role,
            last_signin_at: member.last_signin_at,
            is_app_download: member.is_app_download.into(),
            is_signup: 1,
            video_length: left,
        }
    }

    /// The same, with the seconds looked up. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn show(app: &App, member: Member, organization: &Organization) -> Result<Self> {
        let left = seconds::left(app, organization).await?;
        Ok(Self::new(member, organization, left))
    }
}

/// A user in an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserResponse {
    /// Who.
    pub user: User,
}

/// Users in an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsersResponse {
    /// Who.
    pub users: Vec<User>,
}
