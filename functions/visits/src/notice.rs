//! Notices: what somebody is told of their matchings. Each is counted in the profile, in the transaction
//! of what it tells of, until its reader has marked it as read.

use std::collections::BTreeSet;

use enishi_shared::{
    App, Result, UserId,
    store::{Change, Key, Outcome, Part, Race, Table, Transaction, decode, when},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    matching::MatchingId,
    profile::{Profile, profile_key, profile_missing},
    state::Topic,
};

/// How long a notice is kept once it was read.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Something that somebody is told.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// A UUIDv7.
    #[schema(value_type = String, format = "uuid", example = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071")]
    pub notice_id: Uuid,
    /// What about.
    pub topic: Topic,
    /// Of which matching.
    pub matching_id: MatchingId,
    /// When it happened.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub at: Timestamp,
    /// Whether it was marked as read.
    #[schema(example = false)]
    pub is_read: bool,
    /// Once it was: from when on it counts as gone, in seconds.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub ttl: Option<i64>,
}

impl Notice {
    /// Whether it is still shown.
    pub fn is_there(&self, now: Timestamp) -> bool {
        self.ttl.is_none_or(|ttl| now.as_second() < ttl)
    }
}

/// The partition of somebody's notices, the oldest first.
pub fn notices(user_id: UserId) -> String {
    format!("NOTICES#{user_id}")
}

/// Where one of them lies.
pub fn notice_key(user_id: UserId, notice_id: Uuid) -> Key {
    Key::new(notices(user_id), notice_id.to_string())
}

/// Marks some of somebody's notices as read, no longer counts them, and answers how many are left to be
/// read. Those that are not there, or were marked before, are left out. At most 99.
///
/// 2 requests, 1 where there is nothing to mark, 2 more for each other change of them at the same moment.
///
/// # Errors
/// `profile_missing`; `service_unavailable` when others were always faster.
pub async fn mark_read(
    app: &App,
    table: &Table,
    user_id: UserId,
    notice_ids: &BTreeSet<Uuid>,
) -> Result<u32> {
    let ids = notice_ids.iter();
    let places: Vec<Key> = std::iter::once(profile_key(user_id))
        .chain(ids.map(|id| notice_key(user_id, *id)))
        .collect();
    let mut race = Race::new(app);
    loop {
        let mut found = table.batch_get(&places).await?;
        let profile = found.remove(&profile_key(user_id));
        let profile: Profile = profile
            .map(decode)
            .transpose()?
            .ok_or_else(profile_missing)?;
        let mut unread = Vec::new();
        for (place, item) in found {
            if !decode::<Notice>(item)?.is_read {
                unread.push(place);
            }
        }
        let marked = u32::try_from(unread.len()).unwrap_or(u32::MAX);
        if marked == 0 {
            return Ok(profile.notifications);
        }
        let mut tx = Transaction::new(app);
        let ttl = (app.now() + KEPT).as_second();
        for place in unread {
            let read = Change::new().set("is_read", true).set("ttl", ttl);
            tx.update(table, place, read.when(when().eq("is_read", false)));
        }
        let fewer = Change::new().add("notifications", -i64::from(marked));
        let fewer = fewer.when(when().ge("notifications", marked));
        tx.update(table, profile_key(user_id), fewer);
        match tx.commit().await? {
            Outcome::Done => return Ok(profile.notifications.saturating_sub(marked)),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// Tells somebody something, and counts it. The part that is answered is refused when they have no
/// profile any more: then there is nobody to be told.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn tell(
    tx: &mut Transaction,
    table: &Table,
    user_id: UserId,
    topic: Topic,
    matching_id: MatchingId,
) -> Result<Part<Profile>> {
    let app = tx.app();
    let notice = Notice {
        notice_id: app.new_id(),
        topic,
        matching_id,
        at: app.now(),
        is_read: false,
        ttl: None,
    };
    tx.create(table, notice_key(user_id, notice.notice_id), &notice)?;
    let counted = Change::new()
        .add("notifications", 1)
        .when(when().exists("pk"));
    Ok(tx.update(table, profile_key(user_id), counted).of())
}
