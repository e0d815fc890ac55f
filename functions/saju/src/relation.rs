//! What is between two people: a request and what became of it, and blocks. Each of the two has a
//! row in their own partition, and both are always written in one transaction.

use enishi_shared::{
    App, Error, Result, UserId,
    store::{Committed, Expression, Key, Write, decode, s},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    chat,
    pair::PairId,
    profile::{exists, partition, table},
};

/// `specs/saju.md` `matches.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for the receiver.
    Requested,
    /// Accepted: there is a chat.
    Matched,
    /// Declined, finally.
    Declined,
}

impl Status {
    /// As it is stored and shown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Matched => "matched",
            Self::Declined => "declined",
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

    /// Whether the two must not be recommended to each other.
    pub fn keeps_apart(&self) -> bool {
        self.is_blocked() || self.status.is_some()
    }
}

/// Where the row of `user_id` about `other_id` lies.
pub fn relation_key(user_id: UserId, other_id: UserId) -> Key {
    Key::new(partition(user_id), format!("WITH#{other_id}"))
}

/// The partition of the index in which somebody's requests stand.
pub fn listing(user_id: UserId) -> String {
    format!("MATCHES#{user_id}")
}

/// Adds the condition that somebody's row is as it was read; `None` where there was none.
pub fn as_read(expression: Expression, row: Option<&Relation>) -> Expression {
    let flag = |name: &str, is_set: bool| match is_set {
        true => format!("attribute_exists({name})"),
        false => format!("attribute_not_exists({name})"),
    };
    let (expression, status) = match row.and_then(|row| row.status) {
        Some(status) => (
            expression.value(":read", s(status.text())),
            "#status = :read",
        ),
        None => (expression, "attribute_not_exists(#status)"),
    };
    let blocks = flag("blocks", row.is_some_and(|row| row.blocks));
    let blocked = flag("blocked", row.is_some_and(|row| row.blocked));
    expression
        .and_when(format!("{status} AND {blocks} AND {blocked}"))
        .name("#status", "status")
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
    /// `not_found` while there is no request or a block hides it, `forbidden` to the other side,
    /// `conflict` when the request is at its end.
    fn judge(self, row: Option<&Relation>, me: UserId, other: UserId) -> Result<()> {
        let row = row.filter(|row| !row.is_blocked());
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
/// `access_token_invalid` without a profile, `not_found` when there is no such request or a block
/// hides it, `forbidden` to the side that has no say, `conflict` when the request is at its end.
pub async fn take(app: &App, me: UserId, match_id: PairId, step: Step) -> Result<()> {
    let other = match_id.other(me, "match")?;
    let pending = |expression: Expression| {
        let requester = step.requester(me, other).to_string();
        expression
            .and_when(
                "#status = :requested AND requester_id = :requester \
                 AND attribute_not_exists(blocks) AND attribute_not_exists(blocked)",
            )
            .name("#status", "status")
            .value(":requested", s(Status::Requested.text()))
            .value(":requester", s(requester))
    };
    let row = |key: Key| match step.target() {
        Some(status) => Write::Update(
            key,
            pending(Expression::update("SET #status = :status")).value(":status", s(status.text())),
        ),
        None => Write::Delete(key, pending(Expression::default())),
    };
    let mut writes = vec![
        row(relation_key(me, other)),
        row(relation_key(other, me)),
        exists(me),
    ];
    if step == Step::Accept {
        writes.push(exists(other));
        writes.extend(chat::begin(app, match_id)?);
    }
    let Committed::Refused(refused) = table(app)?.transact(writes).await? else {
        return Ok(());
    };
    let mut mine = None;
    for refusal in refused {
        match refusal.part {
            0 => mine = refusal.item.map(decode::<Relation>).transpose()?,
            2 => return Err(Error::token_invalid()),
            // A receiver's pending request goes with the account of who asked.
            _ => {}
        }
    }
    step.judge(mine.as_ref(), me, other)
}
