//! What is between two people: a request and what became of it, and blocks. Each of the two has a
//! row in their own partition, and both are always written in one transaction.

use enishi_shared::{
    App, Error, Result, UserId,
    store::{Change, Condition, Key, Outcome, Table, Transaction, decode, when},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chat,
    pair::PairId,
    profile::{check_exists, partition, profile_key, profile_missing, table},
};

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for the receiver.
    Requested,
    /// Accepted: there is a chat.
    Matched,
    /// Declined, finally.
    Declined,
    /// Was matched, and one of the two let it go, finally.
    Ended,
}

impl Status {
    /// As it is stored and shown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Matched => "matched",
            Self::Declined => "declined",
            Self::Ended => "ended",
        }
    }
}

/// One person's row about another. `status` and what follows it are absent while there is no
/// request (then it is about a block), `listing_*` too. A row that would hold neither a request nor
/// a block is deleted: where no row is, nothing is in the way of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Relation {
    /// Whose row it is.
    pub user_id: UserId,
    /// The other.
    pub other_id: UserId,
    /// The request's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_id: Option<UserId>,
    /// 0–100, as it was at the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compatibility_score: Option<u8>,
    /// When it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Whether `user_id` has blocked `other_id`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocks: bool,
    /// Whether `other_id` has blocked `user_id`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// `MATCHES#<user_id>` in the index `listing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing_key: Option<String>,
    /// Milliseconds of `created_at`: newest first in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing_order: Option<i64>,
}

impl Relation {
    /// Whether either has blocked the other.
    pub fn is_blocked(&self) -> bool {
        self.blocks || self.blocked
    }

    /// Whether it is shown to `user_id` as one of their requests: one who blocks or is blocked is not, nor
    /// is what has ended.
    pub fn is_shown(&self) -> bool {
        !self.is_blocked() && self.status.is_some_and(|status| status != Status::Ended)
    }

    /// Whether the two must not be recommended to each other.
    pub fn keeps_apart(&self) -> bool {
        self.is_blocked() || self.status.is_some()
    }
}

/// What the sort keys of rows start with; `template.yaml` filters the stream by it.
pub const WITH: &str = "WITH#";

/// What is between two people as `me` sees it, and whether the other's row is there. One request.
///
/// # Errors
/// As [`profile_missing`] where `me` has no profile; `service_unavailable` when DynamoDB does not answer.
pub async fn read_both(
    table: &Table,
    me: UserId,
    other: UserId,
) -> Result<(Option<Relation>, bool)> {
    let places = [
        profile_key(me),
        relation_key(me, other),
        relation_key(other, me),
    ];
    // There are no two rows of oneself, and DynamoDB reads none twice.
    let distinct = if me == other { &places[..2] } else { &places };
    let mut found = table.batch_get(distinct).await?;
    let [profile, mine, theirs] = places.map(|place| found.remove(&place));
    profile.ok_or_else(profile_missing)?;
    Ok((mine.map(decode).transpose()?, theirs.is_some()))
}

/// Where the row of `user_id` about `other_id` lies.
pub fn relation_key(user_id: UserId, other_id: UserId) -> Key {
    Key::new(partition(user_id), format!("{WITH}{other_id}"))
}

/// The partition of the index in which somebody's requests stand.
pub fn listing(user_id: UserId) -> String {
    format!("MATCHES#{user_id}")
}

/// The condition that somebody's row is as it was read; `None` where there was none.
pub fn as_read(row: Option<&Relation>) -> Condition {
    when()
        .same("status", row.and_then(|row| row.status))
        .present("blocks", row.is_some_and(|row| row.blocks))
        .present("blocked", row.is_some_and(|row| row.blocked))
}

/// What becomes of a pending request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The receiver wants to talk: a chat begins.
    Accept,
    /// The receiver does not, finally.
    Decline,
    /// The requester takes it back, which deletes it.
    Cancel,
}

impl Step {
    /// The status that it leads to.
    fn target(self) -> Option<Status> {
        match self {
            Self::Accept => Some(Status::Matched),
            Self::Decline => Some(Status::Declined),
            Self::Cancel => None,
        }
    }

    /// Who asked, when `me` takes this step towards `other`.
    fn requester(self, me: UserId, other: UserId) -> UserId {
        match self {
            Self::Cancel => me,
            Self::Accept | Self::Decline => other,
        }
    }

    /// What to answer where the request is not pending, or is not one that `me` may take this step
    /// with. Having taken it before is as good as taking it.
    ///
    /// # Errors
    /// `not_found` while there is no request, a block hides it or it has ended, `forbidden` to the other
    /// side, `conflict` when the request is at its end.
    fn judge(self, row: Option<&Relation>, me: UserId, other: UserId) -> Result<()> {
        let row = row.filter(|row| row.is_shown());
        let Some((row, status)) = row.and_then(|row| Some((row, row.status?))) else {
            return Err(Error::not_found("match"));
        };
        if row.requester_id != Some(self.requester(me, other)) {
            return Err(Error::forbidden());
        }
        if Some(status) == self.target() {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "the match is {} already",
            status.text()
        )))
    }
}

/// Takes a step with a request that is pending, in one transaction over both rows and, when it is
/// accepted, the chat. Both profiles must exist for that: who is being erased gets no chat. One
/// request.
///
/// # Errors
/// `profile_missing` without a profile, `not_found` when there is no such request or a block
/// hides it, `forbidden` to the side that has no say, `conflict` when the request is at its end.
pub async fn take(app: &App, me: UserId, match_id: PairId, step: Step) -> Result<()> {
    let other = match_id.other(me, "match")?;
    let table = table(app)?;
    let mut tx = Transaction::new(app);
    let mut row = |key: Key| {
        let pending = when()
            .eq("status", Status::Requested)
            .eq("requester_id", step.requester(me, other))
            .absent("blocks")
            .absent("blocked");
        match step.target() {
            Some(status) => {
                let change = Change::new().set("status", status).when(pending);
                tx.update(&table, key, change)
            }
            None => tx.delete_when(&table, key, pending),
        }
    };
    let mine = row(relation_key(me, other)).of();
    row(relation_key(other, me));
    let my_profile = check_exists(&mut tx, &table, me);
    if step == Step::Accept {
        // A receiver's pending request goes with the account of who asked.
        check_exists(&mut tx, &table, other);
        chat::begin(&mut tx, &table, match_id)?;
    }
    match tx.commit().await? {
        Outcome::Done => Ok(()),
        Outcome::Refused(refused) if refused.is(my_profile) => Err(profile_missing()),
        Outcome::Refused(refused) => step.judge(refused.item(mine)?.as_ref(), me, other),
    }
}
