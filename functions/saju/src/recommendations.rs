//! `GET /api/matches/recommendations`: today's recommendations, the same list all day.
//!
//! The first request of a day draws the list ([`draw`]) and stores it; the others read it. Whoever
//! has gone or was asked, declined or blocked meanwhile is left out of the answer.

pub mod draw;

use std::collections::HashMap;

use axum::{Json, extract::State};
use enishi_shared::{
    App, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    store::{Item, Key, decode},
};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pool,
    profile::{Profile, profile_key, profile_missing, table, today},
    relation::{Relation, relation_key},
    score::{Compatibility, Part},
};
use draw::{STORE_REQUESTS, list_key};

/// `saju-recommendations`
///
/// Budget: for the first request of a day at the most; 2 for the others.
pub const FUNCTION: Function = crate::http("saju-recommendations", || {
    OpenApiRouter::new().routes(routes!(recommendations))
})
.budget(40);

/// Reading the caller's profile with the list, and who is on it with what is between them.
const READ_REQUESTS: usize = 2;
/// The most requests to DynamoDB that an answer takes, whatever the size of the pool.
pub const MOST_REQUESTS: usize =
    READ_REQUESTS + pool::OCCUPIED_REQUESTS + pool::SEARCH_REQUESTS + STORE_REQUESTS;
const _: () = assert!(MOST_REQUESTS == 40);

/// Somebody recommended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recommendation {
    /// Who.
    pub user_id: UserId,
    /// The name others see.
    #[schema(example = "지우")]
    pub name: String,
    /// Completed years at Korean time.
    #[schema(example = 31, minimum = 19)]
    pub age: u8,
    /// Where they live, in their own words.
    #[schema(required, example = "서울")]
    pub location: Option<String>,
    /// About themselves.
    #[schema(required, example = "비 오는 날 책방을 좋아해요.")]
    pub bio: Option<String>,
    /// Their picture.
    #[schema(required, example = "https://photos.example.com/photos/1.jpg")]
    pub profile_img_url: Option<String>,
    /// How well the four pillars of both go together.
    #[schema(example = 84, minimum = 0, maximum = 100)]
    pub compatibility_score: u8,
    /// What the score is made of.
    pub breakdown: Vec<Part>,
}

/// Today's recommendations
///
/// At most five people, drawn with the first request of a day in Korea and the same until
/// midnight; whoever has gone, is not listed any more, or was asked, declined or blocked since is left
/// out. Both want to see each other, by gender, age and location; changed wishes count from the next
/// list. Who says no age sees people of up to seven years less and more, and of seven more each time
/// that fewer than five are found. Of those whose pillars go best with the caller's, the ones who were
/// recommended least come first. An empty list is drawn anew with each request.
///
/// Others see people whose e-mail address is verified, who are `listed` and who asked for this list
/// within thirty days.
#[utoipa::path(
    get,
    path = "/api/matches/recommendations",
    operation_id = "listRecommendations",
    tag = "saju",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "The list, first recommendation first", body = Vec<Recommendation>),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn recommendations(
    State(app): State<App>,
    user: User,
) -> Result<Json<Vec<Recommendation>>> {
    let me = user.id;
    let (table, today) = (table(&app)?, today(app.now()));
    let (mine, list) = (profile_key(me), list_key(me, today));
    let mut items = table.batch_get(&[mine.clone(), list.clone()]).await?;
    let mine: Profile = items
        .remove(&mine)
        .map(decode)
        .transpose()?
        .ok_or_else(profile_missing)?;
    let people = match items.remove(&list) {
        Some(list) => draw::people(list)?,
        None => draw::draw(&app, &table, mine.clone()).await?,
    };
    let keys: Vec<Key> = people
        .iter()
        .flat_map(|other| [profile_key(*other), relation_key(me, *other)])
        .collect();
    let items = table.batch_get(&keys).await?;
    view(&mine, &people, items, today).map(Json)
}

/// The people of a list who are still there and with whom nothing is between.
fn view(
    mine: &Profile,
    people: &[UserId],
    mut items: HashMap<Key, Item>,
    today: Date,
) -> Result<Vec<Recommendation>> {
    let me = &mine.candidate;
    let mut list = Vec::with_capacity(people.len());
    for user_id in people {
        let profile = items.remove(&profile_key(*user_id));
        let relation = items.remove(&relation_key(me.user_id, *user_id));
        let relation: Option<Relation> = relation.map(decode).transpose()?;
        let Some(profile) = profile else { continue };
        let other: Profile = decode(profile)?;
        if relation.is_some_and(|relation| relation.keeps_apart()) || other.standing.unlisted {
            continue;
        }
        list.push(Recommendation::of(mine, other, today)?);
    }
    Ok(list)
}

impl Recommendation {
    /// What `mine` sees of `other`.
    ///
    /// # Errors
    /// As [`Candidate::birth`](crate::profile::Candidate::birth).
    pub fn of(mine: &Profile, other: Profile, today: Date) -> Result<Self> {
        let compatibility = Compatibility::of(&mine.candidate.side()?, &other.candidate.side()?);
        Ok(Self {
            user_id: other.candidate.user_id,
            age: other.candidate.age(today),
            name: other.name,
            location: other.candidate.location,
            bio: other.bio,
            profile_img_url: other.profile_img_url,
            compatibility_score: compatibility.score,
            breakdown: compatibility.breakdown,
        })
    }
}
