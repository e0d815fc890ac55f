//! `PUT /api/notifications`: marks notices as read.

use std::collections::BTreeSet;

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Json};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{notice, notifications::MOST, profile::table};

/// `visits-read-notifications`
///
/// Budget: the profile and the notices; the change. 1 where they were marked before.
pub const FUNCTION: Function = Function::http("visits-read-notifications", || {
    OpenApiRouter::new().routes(routes!(read_notifications))
})
.budget(2);

/// Which notices.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadNotificationsRequest {
    /// Their ids: as many as a page has, 1–50. What is not there any more is left out.
    #[garde(length(min = 1, max = MOST as usize))]
    #[schema(
        value_type = Vec<String>, min_items = 1, max_items = 50,
        example = json!(["019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071"])
    )]
    pub notice_ids: Vec<Uuid>,
}

/// What is left to be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadNotifications {
    /// How many notices one has not read.
    #[schema(example = 0)]
    pub count: u32,
}

/// Marks notices as read
///
/// Once more does no harm: each is counted once.
#[utoipa::path(
    put, path = "/api/notifications", tag = "visits",
    operation_id = "markNotificationsRead",
    security(("access_token" = [])),
    request_body = ReadNotificationsRequest,
    responses(
        (status = 200, body = UnreadNotifications, description = "They are marked"),
        (status = 400, body = ErrorBody, description = "No ids, or more than 50"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn read_notifications(
    State(app): State<App>,
    user: User,
    Json(body): Json<ReadNotificationsRequest>,
) -> Result<axum::Json<UnreadNotifications>> {
    let ids: BTreeSet<Uuid> = body.notice_ids.into_iter().collect();
    let count = notice::mark_read(&app, &table(&app)?, user.id, &ids).await?;
    Ok(axum::Json(UnreadNotifications { count }))
}
