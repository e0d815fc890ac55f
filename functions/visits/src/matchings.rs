//! `GET /api/matching`: the matchings of mine, those to come and those that are over.

use std::{collections::HashSet, str::FromStr as _};

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Key, decode, s},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    matching::{MatchingId, Mine, PREFIX, StoredMatching, matching_key, mine_key},
    profile::{partition, table},
    shown_matching::ShownMatching,
};

/// `visits-matchings`
///
/// Budget: a page of one's list, the matchings, the others' profiles and the recordings of those that were
/// paid for (4 of more than fifty of them); 2 without one of these, 1 where there are none.
pub const FUNCTION: Function = Function::http("visits-matchings", || {
    OpenApiRouter::new().routes(routes!(matchings))
})
.budget(3);

/// My matchings, the newest first
#[utoipa::path(
    get, path = "/api/matching", tag = "visits",
    operation_id = "listMyMatchings",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = [ShownMatching], description = "The matchings; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn matchings(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<(HeaderMap, axum::Json<Vec<ShownMatching>>)> {
    let me = user.id;
    let table = table(&app)?;
    let after = query.after()?.as_deref().map(MatchingId::from_str);
    let after = after.transpose();
    let after = after.map_err(|_| Error::invalid("cursor", "cursor is not one of ours"))?;
    let after = after.map(|id| mine_key(me, id).attributes());
    let page = table
        .query("pk = :me AND begins_with(sk, :matchings)")
        .value(":me", s(partition(me)))
        .value(":matchings", s(PREFIX))
        .descending()
        .limit(query.limit())
        .after(after)
        .page::<Mine>()
        .await?;
    let last = page.next.and(page.items.last());
    let last = last.map(|last| last.matching_id.to_string());
    let link = next_link(&uri, query.limit(), last.as_deref());

    let ids = page.items.into_iter().map(|mine| mine.matching_id);
    let keys: Vec<Key> = ids.map(matching_key).collect();
    let mut found = table.batch_get(&keys).await?;
    let stored = keys.iter().filter_map(|key| found.remove(key));
    let stored: Vec<StoredMatching> = stored.map(decode).collect::<Result<_>>()?;
    let mine = stored.into_iter().filter_map(|stored| {
        let party = stored.party(me)?;
        Some((party, stored))
    });
    let mine: Vec<_> = mine.collect();
    let known = mine
        .iter()
        .filter(|(_, stored)| stored.matching.state.is_paid_for());
    // One may have met somebody more than once.
    let beside: HashSet<Key> = known
        .flat_map(|(party, stored)| stored.beside(*party))
        .collect();
    let beside = table.batch_get_all(&Vec::from_iter(beside)).await?;
    let mut shown = Vec::with_capacity(mine.len());
    for (party, stored) in mine {
        shown.push(stored.shown(&app, party, &beside).await?);
    }
    Ok((link, axum::Json(shown)))
}
