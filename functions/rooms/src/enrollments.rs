//! `GET /register/`: my enrollments, from today on, and yesterday's that has not ended.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{decode, s},
};
use std::collections::{BTreeSet, HashSet};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    assign::Draw,
    enrollment::{BY_USER, Enrollment, EnrollmentItem, by_user},
    seating::{draw_key, table},
    slot::{SlotId, Slots},
};

/// `rooms-enrollments`
///
/// Budget: 1 when there are none.
pub const FUNCTION: Function = Function::http("rooms-enrollments", || {
    OpenApiRouter::new().routes(routes!(enrollments))
})
.budget(2);

/// My enrollments, from today on, in order of time
///
/// One of yesterday is among them until it ends.
#[utoipa::path(
    get,
    path = "/register/",
    operation_id = "listMyEnrollments",
    tag = "rooms",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "The enrollments; `Link` leads to the next page", body = [Enrollment]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
    )
)]
pub async fn enrollments(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    let slots = app.config::<Slots>()?;
    let after = query.after()?;
    // A sort key is `2026-11-21T09:00`; `~` sorts behind whatever continues the last one.
    let from = after.map_or_else(|| slots.shown_from(app.now()), |last| format!("{last}~"));
    let page = table(&app)?
        .query("gsi_pk = :user AND gsi_sk >= :from")
        .index(BY_USER)
        .value(":user", s(by_user(user.id)))
        .value(":from", s(from))
        .limit(query.limit())
        .page::<EnrollmentItem>()
        .await?;
    let named: BTreeSet<SlotId> = page.items.iter().map(EnrollmentItem::slot_id).collect();
    let keys: Vec<_> = named.into_iter().map(draw_key).collect();
    let mut drawn = HashSet::new();
    for (key, item) in table(&app)?.batch_get(&keys).await? {
        if decode::<Draw>(item)?.is_drawn() {
            drawn.insert(key);
        }
    }
    let last = page
        .next
        .and(page.items.last())
        .map(|item| item.slot_id().to_string());
    let list: Vec<Enrollment> = page
        .items
        .into_iter()
        .map(|item| {
            let drawn = drawn.contains(&draw_key(item.slot_id()));
            item.view(&slots, drawn)
        })
        .collect();
    Ok((
        next_link(&uri, query.limit(), last.as_deref()),
        axum::Json(list),
    ))
}
