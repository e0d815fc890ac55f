//! `GET /api/operator/certificates`: whose documents wait for an operator.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::Operator,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Key, decode, s},
};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    certificate::{QUEUE, Review},
    choice::Choice,
    profile::{Profile, VisitorType, profile_key, table},
};

/// `visits-certificate-queue`
///
/// Budget: a page of the queue, the profiles; 1 where it is empty.
pub const FUNCTION: Function = Function::http("visits-certificate-queue", || {
    OpenApiRouter::new().routes(routes!(certificate_queue))
})
.budget(2);

/// Somebody whose documents are to be compared with what they say.
#[derive(Serialize, ToSchema)]
pub struct WaitingReview {
    /// Who.
    pub user_id: UserId,
    /// What they say that they are called.
    #[schema(example = "山田 花")]
    pub name: String,
    /// When they say that they were born.
    #[schema(value_type = String, format = Date, example = "2004-04-02")]
    pub date_of_birth: Date,
    /// Who they say that they are.
    #[serde(rename = "type")]
    pub visitor_type: VisitorType,
    /// Their university or company.
    pub affiliation: Choice,
    /// Where in it they are.
    #[schema(required)]
    pub department: Option<Choice>,
    /// Since when they wait.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub submitted_at: Timestamp,
}

/// Whose documents wait, the oldest first
#[utoipa::path(
    get, path = "/api/operator/certificates", tag = "visits",
    operation_id = "listWaitingCertificates",
    security(("access_token" = ["operator"])),
    params(PageQuery),
    responses(
        (status = 200, body = [WaitingReview], description = "Who waits; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
    )
)]
pub async fn certificate_queue(
    State(app): State<App>,
    _: Operator,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<(HeaderMap, axum::Json<Vec<WaitingReview>>)> {
    let table = table(&app)?;
    let after = query.after()?;
    let after = after.map(|sk| Key::new(QUEUE, sk).attributes());
    let page = table
        .query("pk = :queue")
        .value(":queue", s(QUEUE))
        .limit(query.limit())
        .after(after)
        .page::<Review>()
        .await?;
    let last = page.next.and(page.items.last()).map(Review::key);
    let keys: Vec<_> = (page.items.iter())
        .map(|review| profile_key(review.user_id))
        .collect();
    let mut profiles = table.batch_get(&keys).await?;
    let waiting = page.items.iter().zip(&keys).filter_map(|(review, key)| {
        // Whoever has closed their account meanwhile is on the way out.
        let profile = decode::<Profile>(profiles.remove(key)?);
        Some(profile.map(|profile| WaitingReview {
            user_id: profile.user_id,
            name: profile.name,
            date_of_birth: profile.date_of_birth,
            visitor_type: profile.visitor_type,
            affiliation: profile.affiliation,
            department: profile.department,
            submitted_at: review.submitted_at,
        }))
    });
    let waiting: Vec<_> = waiting.collect::<Result<_, Error>>()?;
    let last = last.map(|key| key.sk);
    Ok((
        next_link(&uri, query.limit(), last.as_deref()),
        axum::Json(waiting),
    ))
}
