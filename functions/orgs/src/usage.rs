//! `GET /v1/service/usage`: the seconds of detection that are spent and left.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{App, Function, Result, UserId, error::ErrorBody, http::Query};
use futures_util::future::try_join;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    list::PageQuery,
    organization::{self, Role, table},
    seconds::{self, Spent},
};

/// `orgs-usage`
///
/// Budget: the caller, the organisation; what is left, and for an admin what each has spent, at once.
pub const FUNCTION: Function =
    Function::http("orgs-usage", || OpenApiRouter::new().routes(routes!(usage))).budget(4);

/// What a member has spent.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberUsage {
    /// Who; they may have left.
    pub id: UserId,
    /// How many seconds.
    #[schema(example = 120)]
    pub used: u64,
}

/// Where an organisation stands, in seconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Usage {
    /// What it has spent in this period.
    #[schema(example = 240)]
    pub used: u64,
    /// What it has left.
    #[schema(example = 360)]
    pub left: u64,
    /// Who has spent it: everybody for an admin, oneself for others.
    pub members: Vec<MemberUsage>,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageResponse {
    /// It.
    pub usage: Usage,
}

/// The seconds that are spent and left
///
/// Of the organisation. Beyond a hundred members `Link` leads to the next page of `members`.
#[utoipa::path(
    get, path = "/v1/service/usage", tag = "orgs",
    operation_id = "getUsage",
    security(("access_token" = []), ("id_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = UsageResponse, description = "The seconds; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "The caller belongs to no organisation"),
    )
)]
pub async fn usage(
    State(app): State<App>,
    caller: Caller,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<(HeaderMap, axum::Json<UsageResponse>)> {
    let table = table(&app)?;
    let organization = organization::of_caller(&table, &caller).await?;
    let usage = seconds::usage(&app, &organization, &caller);
    let (usage, (link, spent)) = match caller.role {
        Role::Admin => {
            let by_member = seconds::by_member(&organization);
            try_join(usage, by_member.page(&table, false, &query, &uri)).await?
        }
        Role::Member => {
            let mut usage = usage.await?;
            let own = usage.own.take().into_iter().collect();
            (usage, (HeaderMap::new(), own))
        }
    };
    let members = spent.into_iter().map(|spent: Spent| MemberUsage {
        id: spent.user_id,
        used: spent.seconds,
    });
    let usage = Usage {
        used: usage.used,
        left: usage.left,
        members: members.collect(),
    };
    Ok((link, axum::Json(UsageResponse { usage })))
}
