//! saju's lists: whom somebody is recommended and why, and how often each person was.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use enishi_saju::{
    profile::{Profile, profile_key, table, today},
    recommendations::draw::{list_key, people},
    score::Compatibility,
};
use enishi_shared::{App, Result, UserId, store::decode};
use serde_json::{Value, json};

use super::{Answer, tables::with_sort_key};
use crate::stack::Stack;

/// Whose world it is read in.
const FUNCTION: &str = "SajuRecommendations";
/// How many people are looked at.
const MOST: usize = 5_000;

/// Everybody with how often they were recommended, the most often first.
pub async fn exposure(State(stack): State<Stack>) -> Answer<Value> {
    let environment = stack.environment().get(FUNCTION);
    let table = environment.and_then(|environment| environment.get("SAJU_TABLE"));
    let table = table.map_or("SajuTable", String::as_str);
    let profiles = with_sort_key(&stack, table, "PROFILE", MOST);
    let mut profiles = profiles.map_err(|sentence| (StatusCode::BAD_GATEWAY, sentence))?;
    profiles.sort_by_key(|one| std::cmp::Reverse(one["listing_order"].as_u64()));
    let shown = profiles.iter().map(|one| {
        json!({
            "user_id": one["user_id"], "name": one["name"], "gender": one["gender"],
            "birth_date": one["birth_date"], "location": one["location"],
            "shown": one["listing_order"],
        })
    });
    Ok(Json(shown.collect()))
}

/// Somebody's list of today, with what put each person on it.
pub async fn list(State(stack): State<Stack>, Path(user_id): Path<UserId>) -> Answer<Value> {
    let failed = |sentence: String| (StatusCode::BAD_GATEWAY, sentence);
    let app = stack.app(FUNCTION).map_err(failed)?;
    let read = read(&app, user_id).await;
    match read.map_err(|error| failed(error.to_string()))? {
        Some(list) => Ok(Json(list)),
        None => Err((StatusCode::NOT_FOUND, "there is no such person".to_owned())),
    }
}

async fn read(app: &App, user_id: UserId) -> Result<Option<Value>> {
    let (table, today) = (table(app)?, today(app.now()));
    let (mine, key) = (profile_key(user_id), list_key(user_id, today));
    let mut items = table.batch_get(&[mine.clone(), key.clone()]).await?;
    let Some(me) = items.remove(&mine) else {
        return Ok(None);
    };
    let me: Profile = decode(me)?;
    let mine = me.candidate.side()?;
    let listed = items.remove(&key).map(people).transpose()?;
    let keys: Vec<_> = listed
        .iter()
        .flatten()
        .map(|other| profile_key(*other))
        .collect();
    let mut profiles = table.batch_get(&keys).await?;
    let mut shown = Vec::new();
    for profile in keys.iter().filter_map(|key| profiles.remove(key)) {
        let profile: Profile = decode(profile)?;
        let candidate = &profile.candidate;
        let score = Compatibility::of(&mine, &candidate.side()?);
        shown.push(json!({
            "user_id": candidate.user_id, "name": profile.name, "age": candidate.age(today),
            "location": candidate.location, "shown": candidate.listing_order,
            "score": score.score, "breakdown": score.breakdown,
        }));
    }
    Ok(Some(json!({
        "name": me.name, "day": today.to_string(), "drawn": listed.is_some(), "list": shown,
    })))
}
