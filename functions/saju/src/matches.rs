//! `GET /api/matches`: the requests one sent and received.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Item, decode, n, s},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pair::PairId,
    profile::{LISTING, Profile, profile_key, table, today},
    relation::{Relation, Status, listing, relation_key},
};

/// `saju-matches`
pub const FUNCTION: Function = Function::http("saju-matches", || {
    OpenApiRouter::new().routes(routes!(matches))
})
.with_error_field();

/// `?limit=&cursor=`.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MatchesQuery {
    /// How many at the most: 1–50, 20 unless told.
    #[garde(range(min = 1, max = 50))]
    #[param(minimum = 1, maximum = 50, example = 20)]
    pub limit: Option<i32>,
    /// Where the last page ended, from its `Link` header.
    #[garde(length(max = 512))]
    pub cursor: Option<String>,
}

/// Which way a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// One asked.
    Sent,
    /// One was asked.
    Received,
}

/// A request, as one of the two sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Match {
    /// The match.
    pub match_id: PairId,
    /// Which way it went.
    pub direction: Direction,
    /// Where it stands.
    pub status: Status,
    /// 0–100, as it was at the request.
    #[schema(minimum = 0, maximum = 100, example = 78)]
    pub compatibility_score: u8,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The chat of an accepted one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<PairId>,
    /// The other.
    pub partner: MatchPartner,
}

/// The other of a match. All but the id is null when they have closed their account.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchPartner {
    /// The person.
    pub user_id: UserId,
    /// The name others see.
    pub name: Option<String>,
    /// Completed years at Korean time.
    pub age: Option<u8>,
    /// Their picture, if they have one.
    pub profile_img_url: Option<String>,
}

/// My requests, sent and received, newest first
///
/// One who blocks the other or is blocked is left out, so a page may be shorter than its limit;
/// while there is a `Link`, there is more.
///
/// Budget: 2 DynamoDB requests (which ones; the requests and the partners); 1 when there are none.
#[utoipa::path(
    get,
    path = "/api/matches",
    tag = "saju",
    security(("access_token" = [])),
    params(MatchesQuery),
    responses(
        (status = 200, description = "The requests; `Link` leads to the next page", body = [Match]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
    )
)]
pub async fn matches(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<MatchesQuery>,
) -> Result<impl IntoResponse> {
    let me = UserId::of(&user)?;
    let query = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let after = query
        .after()?
        .map(|cursor| {
            cursor
                .parse()
                .map_err(|NotOurs| Error::invalid("cursor", "cursor is not one of ours"))
        })
        .transpose()?;
    let table = table(&app)?;
    let page = table
        .query("listing_key = :mine")
        .index(LISTING)
        .value(":mine", s(listing(me)))
        .descending()
        .limit(query.limit())
        .after(after.map(|place: Place| place.key(me)))
        .page::<Place>()
        .await?;
    let keys: Vec<_> = page
        .items
        .iter()
        .flat_map(|place| {
            [
                relation_key(me, place.other_id),
                profile_key(place.other_id),
            ]
        })
        .collect();
    let mut found = table.batch_get(&keys).await?;
    let mut list = Vec::with_capacity(page.items.len());
    for place in &page.items {
        // The index may lag behind: what was taken back is not there any more.
        let row = found.remove(&relation_key(me, place.other_id));
        let profile = found.remove(&profile_key(place.other_id));
        if let Some(row) = row {
            list.extend(shown(&app, me, decode(row)?, profile)?);
        }
    }
    let last = page.next.and(page.items.last()).map(Place::to_string);
    Ok((
        next_link(&uri, query.limit(), last.as_deref()),
        axum::Json(list),
    ))
}

/// A row as it is shown; one without a request or behind a block is not.
fn shown(app: &App, me: UserId, row: Relation, profile: Option<Item>) -> Result<Option<Match>> {
    let (Some(status), Some(created_at), Some(match_id), false) = (
        row.status,
        row.created_at,
        PairId::of(me, row.other_id),
        row.is_blocked(),
    ) else {
        return Ok(None);
    };
    let profile: Option<Profile> = profile.map(decode).transpose()?;
    let age = |profile: &Profile| profile.candidate.age(today(app.now()));
    Ok(Some(Match {
        match_id,
        direction: match row.requester_id {
            Some(id) if id == me => Direction::Sent,
            _ => Direction::Received,
        },
        status,
        compatibility_score: row.compatibility_score.unwrap_or_default(),
        created_at,
        chat_id: (status == Status::Matched).then_some(match_id),
        partner: MatchPartner {
            user_id: row.other_id,
            age: profile.as_ref().map(age),
            name: profile.as_ref().map(|profile| profile.name.clone()),
            profile_img_url: profile.and_then(|profile| profile.profile_img_url),
        },
    }))
}

/// A request's place in one's list: what the index orders by, and the other, who tells requests of
/// the same millisecond apart. As text, the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct Place {
    listing_order: i64,
    other_id: UserId,
}

/// The text is no place.
#[derive(Debug)]
struct NotOurs;

impl Place {
    /// The whole key in the index. The list it is in is always one's own.
    fn key(self, me: UserId) -> Item {
        let row = relation_key(me, self.other_id);
        Item::from([
            ("listing_key".to_owned(), s(listing(me))),
            ("listing_order".to_owned(), n(self.listing_order)),
            ("pk".to_owned(), s(row.pk)),
            ("sk".to_owned(), s(row.sk)),
        ])
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.listing_order, self.other_id)
    }
}

impl std::str::FromStr for Place {
    type Err = NotOurs;

    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let (order, other) = text.split_once(' ').ok_or(NotOurs)?;
        Ok(Self {
            listing_order: order.parse().map_err(|_| NotOurs)?,
            other_id: other.parse().map_err(|_| NotOurs)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_is_its_text(listing_order: i64, other: [u8; 16]) {
            let place = Place { listing_order, other_id: UserId::from_bytes(other) };
            prop_assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
        }

        #[test]
        fn a_place_is_never_in_the_list_of_somebody_else(text in "\\PC{0,60}", me: [u8; 16]) {
            let me = UserId::from_bytes(me);
            if let Ok(place) = text.parse::<Place>() {
                prop_assert_eq!(&place.key(me)["listing_key"], &s(listing(me)));
            }
        }
    }
}
