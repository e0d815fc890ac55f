//! `GET /api/notifications`: what I was told.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Key, s},
};
use futures_util::future::try_join;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    notice::{Notice, notices},
    profile::{Profile, profile_key, profile_missing, table},
};

/// `visits-notifications`
///
/// Budget: the profile and a page of the notices, at once.
pub const FUNCTION: Function = Function::http("visits-notifications", || {
    OpenApiRouter::new().routes(routes!(notifications))
})
.budget(2);

/// How many notices a page has, and can be marked at once.
pub const MOST: i32 = 50;

/// What one was told.
#[derive(Serialize, ToSchema)]
pub struct Notifications {
    /// How many of all one has not read.
    #[schema(example = 1)]
    pub count: u32,
    /// A page of them, the newest first.
    pub items: Vec<Notice>,
}

/// What I was told of my matchings
///
/// A notice is there until 30 days after it was marked as read.
#[utoipa::path(
    get, path = "/api/notifications", tag = "visits",
    operation_id = "listNotifications",
    security(("access_token" = [])),
    params(PageQuery<MOST>),
    responses(
        (status = 200, body = Notifications, description = "The notices; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn notifications(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery<MOST>>,
) -> Result<(HeaderMap, axum::Json<Notifications>)> {
    let table = table(&app)?;
    let (place, pk) = (profile_key(user.id), notices(user.id));
    let after = query.after()?;
    let after = after.map(|sk| Key::new(&*pk, sk).attributes());
    let page = table
        .query("pk = :pk")
        .value(":pk", s(&pk))
        .descending()
        .limit(query.limit())
        .after(after)
        .page::<Notice>();
    let (profile, page) = try_join(table.get::<Profile>(&place), page).await?;
    let profile = profile.ok_or_else(profile_missing)?;
    let last = page.next.and(page.items.last());
    let last = last.map(|notice| notice.notice_id.to_string());
    let items = page.items.into_iter();
    let notifications = Notifications {
        count: profile.notifications,
        items: items.filter(|notice| notice.is_there(app.now())).collect(),
    };
    Ok((
        next_link(&uri, query.limit(), last.as_deref()),
        axum::Json(notifications),
    ))
}
