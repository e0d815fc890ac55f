//! What people are told at once, on every connection of theirs, beside messages: that somebody has asked
//! them ([`requested`]), that somebody has accepted ([`accepted`]), and how far a partner has read
//! ([`read`]). All of it is found over HTTP too.

use enishi_shared::{
    App, Error, Result, UserId, live,
    store::{Item, decode},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    pair::PairId,
    profile::{Profile, profile_key, table},
    relation::{Relation, Status, relation_key},
};

/// Somebody has asked the person for a match. It may come twice: for one `match_id` and `created_at` there
/// is one request.
#[derive(Serialize, ToSchema)]
#[schema(as = MatchRequestFrame)]
pub struct MatchRequested {
    /// `matchRequest`.
    pub r#type: &'static str,
    /// The match, to be accepted or declined.
    pub match_id: PairId,
    /// Who asks.
    pub user_id: UserId,
    /// Their name.
    #[schema(example = "지우")]
    pub name: String,
    /// 0–100.
    #[schema(minimum = 0, maximum = 100, example = 78)]
    pub compatibility_score: u8,
    /// When they asked.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
    pub created_at: Timestamp,
}

/// Somebody has accepted a request of the person's. It may come twice.
#[derive(Serialize, ToSchema)]
#[schema(as = MatchAcceptedFrame)]
pub struct MatchAccepted {
    /// `matchAccepted`.
    pub r#type: &'static str,
    /// The match.
    pub match_id: PairId,
    /// Its chat.
    pub chat_id: PairId,
    /// Who has accepted.
    pub user_id: UserId,
    /// Their name.
    #[schema(example = "지우")]
    pub name: String,
}

/// How far the partner has read; only among two who both say `read_receipts`. It may come twice, and late:
/// the greatest `seq` counts.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadReceiptFrame)]
pub struct ReadReceipt {
    /// `readReceipt`.
    pub r#type: &'static str,
    /// The chat.
    pub chat_id: PairId,
    /// Who has read.
    pub reader_id: UserId,
    /// The number of the last message that they have read.
    #[schema(example = 7)]
    pub seq: u64,
}

/// Tells whom a new row is about that they were asked, while the request waits. Two requests; of the
/// requester's own row none.
///
/// # Errors
/// `service_unavailable` when DynamoDB or API Gateway does not answer.
pub async fn requested(app: &App, row: Relation) -> Result<()> {
    let (me, other) = (row.user_id, row.other_id);
    if row.requester_id != Some(other) {
        return Ok(());
    }
    let places = [relation_key(me, other), profile_key(other)];
    let mut found = table(app)?.batch_get(&places).await?;
    let [now, theirs] = places.map(|place| found.remove(&place));
    let now: Option<Relation> = now.map(decode).transpose()?;
    let waits = now.filter(|now| now.is_shown() && now.status == Some(Status::Requested));
    // A request that was taken back and made anew is told of by its own row.
    let same = waits.filter(|now| now.created_at == row.created_at);
    let (Some(now), Some(name)) = (same, name(theirs)?) else {
        return Ok(());
    };
    let (Some(match_id), Some(created_at)) = (PairId::of(me, other), now.created_at) else {
        return Err(Error::internal("a request is of nobody"));
    };
    let frame = MatchRequested {
        r#type: "matchRequest",
        match_id,
        user_id: other,
        name,
        compatibility_score: now.compatibility_score.unwrap_or_default(),
        created_at,
    };
    live::push(app, &[me], &frame).await
}

/// Tells who asked that the other has accepted, while the match is there. Two requests.
///
/// # Errors
/// As [`requested`].
pub async fn accepted(app: &App, match_id: PairId) -> Result<()> {
    let [low, high] = match_id.both();
    let places = [relation_key(low, high), profile_key(low), profile_key(high)];
    let mut found = table(app)?.batch_get(&places).await?;
    let [row, of_low, of_high] = places.map(|place| found.remove(&place));
    let row: Option<Relation> = row.map(decode).transpose()?;
    let matched = row.filter(|row| row.is_shown() && row.status == Some(Status::Matched));
    let Some(requester) = matched.and_then(|row| row.requester_id) else {
        return Ok(());
    };
    let user_id = match_id.other(requester, "match")?;
    let theirs = if user_id == low { of_low } else { of_high };
    let Some(name) = name(theirs)? else {
        return Ok(());
    };
    let frame = MatchAccepted {
        r#type: "matchAccepted",
        match_id,
        chat_id: match_id,
        user_id,
        name,
    };
    live::push(app, &[requester], &frame).await
}

/// Tells a partner how far `reader_id` has read. One request, and one for each connection that has ended.
/// Whoever it does not reach finds it in the list of chats.
pub async fn read(app: &App, chat_id: PairId, reader_id: UserId, seq: u64, partner_id: UserId) {
    let frame = ReadReceipt {
        r#type: "readReceipt",
        chat_id,
        reader_id,
        seq,
    };
    // The log has the failure.
    let _ = live::push(app, &[partner_id], &frame).await;
}

/// Whether two people see how far the other has read.
pub fn both_tell(one: Option<&Profile>, other: Option<&Profile>) -> bool {
    [one, other]
        .iter()
        .all(|one| one.is_some_and(|one| one.read_receipts))
}

fn name(profile: Option<Item>) -> Result<Option<String>> {
    let profile: Option<Profile> = profile.map(decode).transpose()?;
    Ok(profile.map(|profile| profile.name))
}
