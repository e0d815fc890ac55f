//! A matching, as it is stored: the two, what each knows of the other, and how it stands
//! ([`crate::state`]).
//!
//! Neither learns who the other is before it is paid for: what is shown of them is [`Card`], as it was
//! when they were matched.

use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Error, Result, UserId,
    payments::{PaymentId, PaymentRef},
    store::{Key, Table},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    profile::{Job, VisitorId, partition},
    state::{Action, Actor, Matching, Party, State},
};

/// The index of the matchings that the clock has something to do with.
pub const DUE: &str = "due";
/// What they have there.
pub const WAITING: &str = "MATCHING";

/// A matching's id: a UUIDv7, which tells nothing but when it was made.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, Display, FromStr,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
pub struct MatchingId(Uuid);

impl MatchingId {
    /// The id of a new one.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }
}

/// What one is shown of the other before it is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// What the other is known by: random.
    pub visitor_id: VisitorId,
    /// Their university or company.
    #[schema(example = "縁大学")]
    pub affiliation: String,
    /// What they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// Where in it they are; an employee's only if they show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "工学部")]
    pub department: Option<String>,
    /// What they are there, if they show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "主任")]
    pub position: Option<String>,
    /// About themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "配属の話ができます。")]
    pub comment: Option<String>,
}

/// A matching as it lies in the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredMatching {
    /// Which.
    pub matching_id: MatchingId,
    /// The employee.
    pub speaker: UserId,
    /// The student.
    pub listener: UserId,
    /// What the listener is shown of the speaker.
    pub speaker_card: Card,
    /// What the speaker is shown of the listener.
    pub listener_card: Card,
    /// When the listener asked for; where that was left open, none.
    pub asked_date: Option<Timestamp>,
    /// How long the listener asked for, in minutes.
    pub asked_minutes: u16,
    /// What the listener wrote when they asked, until it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How it stands.
    #[serde(flatten)]
    pub matching: Matching,
    /// The payments that were begun for it, in that order; of those that did not settle only the last
    /// can be open.
    #[serde(default)]
    pub payments: Vec<BegunPayment>,
    /// How often it has changed.
    pub version: u32,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// A payment that was begun for a matching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunPayment {
    /// Which.
    pub payment_id: PaymentId,
    /// The sum, in yen.
    pub amount: u64,
    /// Of so many minutes.
    pub minutes: u16,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// When we learnt that the money is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// What is owed back of it, in yen.
    #[serde(default)]
    pub refund: u64,
}

impl BegunPayment {
    /// That it settles.
    pub fn settles(&self) -> Action {
        Action::Settle {
            payment: self.payment_id,
            amount: self.amount,
        }
    }
}

/// A matching with its place in the index of what is due.
#[derive(Serialize)]
pub struct Row<'a> {
    #[serde(flatten)]
    stored: &'a StoredMatching,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
}

/// That a matching has changed, or was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// What it was then.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What; none where it was asked for.
    pub action: Option<Action>,
    /// What it gave back to the listener, in yen.
    pub refund: u64,
}

impl StoredMatching {
    /// As it is put into the table.
    pub fn row(&self) -> Row<'_> {
        let due = self.matching.due();
        Row {
            stored: self,
            due: due.map(|_| WAITING),
            due_at: due.map(Timestamp::as_second),
        }
    }

    /// Where a payment of it lies.
    pub fn payment_ref(&self, payment_id: PaymentId) -> PaymentRef {
        PaymentRef {
            payer: self.listener.into(),
            payment_id,
        }
    }

    /// A payment that was begun for it.
    pub fn begun(&self, payment_id: PaymentId) -> Option<&BegunPayment> {
        let mut payments = self.payments.iter();
        payments.find(|begun| begun.payment_id == payment_id)
    }

    /// The payment that may be open still.
    pub fn unsettled(&self) -> Option<&BegunPayment> {
        let last = self.payments.last();
        last.filter(|begun| begun.settled_at.is_none())
    }

    /// Notes of its payments what a step makes of them, `refund` yen that it gives back. Answers of which
    /// these are.
    ///
    /// # Errors
    /// `internal_server_error` when there is none.
    pub fn note_payments(
        &mut self,
        action: Action,
        refund: u64,
        now: Timestamp,
    ) -> Result<Option<PaymentId>> {
        let settles = match action {
            Action::Settle { payment, .. } => Some(payment),
            _ => None,
        };
        let owed = match refund {
            0 => None,
            _ => settles.or(self.matching.payment),
        };
        for begun in &mut self.payments {
            let is = |payment| payment == Some(begun.payment_id);
            if is(settles) {
                begun.settled_at = Some(now);
            }
            if is(owed) {
                begun.refund = refund;
            }
        }
        match owed.and_then(|payment_id| self.begun(payment_id)) {
            None if refund > 0 => Err(Error::internal("money goes back of no payment")),
            begun => Ok(begun.map(|begun| begun.payment_id)),
        }
    }

    /// Which of the two somebody is.
    pub fn party(&self, user_id: UserId) -> Option<Party> {
        match user_id {
            id if id == self.speaker => Some(Party::Speaker),
            id if id == self.listener => Some(Party::Listener),
            _ => None,
        }
    }

    /// Who one of the two is.
    pub fn user(&self, party: Party) -> UserId {
        match party {
            Party::Speaker => self.speaker,
            Party::Listener => self.listener,
        }
    }

    /// What the other is shown of one of the two.
    pub fn card(&self, party: Party) -> &Card {
        match party {
            Party::Speaker => &self.speaker_card,
            Party::Listener => &self.listener_card,
        }
    }
}

/// What the keys of matchings begin with.
pub const PREFIX: &str = "MATCHING#";

/// The id in a key of [`matching_key`].
///
/// # Errors
/// `internal_server_error` when it is none.
pub fn id_of(pk: &str) -> Result<MatchingId> {
    let id = pk.strip_prefix(PREFIX).and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::internal("a key is of no matching"))
}

/// Where a matching lies.
pub fn matching_key(id: MatchingId) -> Key {
    Key::new(format!("{PREFIX}{id}"), "MATCHING")
}

/// Where the record of a change lies: who changed it to what, and when.
pub fn step_key(id: MatchingId, version: u32) -> Key {
    Key::new(format!("{PREFIX}{id}"), format!("STEP#{version:06}"))
}

/// What its meetings are called in [`enishi_shared::chime`]: 34 characters, for an id as it is shown leaves
/// too few of a token's.
pub fn venue_name(id: MatchingId) -> String {
    format!("v-{}", id.0.simple())
}

/// The matching whose meetings are called so, if one's are.
pub fn of_venue(name: &str) -> Option<MatchingId> {
    let id = Uuid::try_parse(name.strip_prefix("v-")?).ok()?;
    // One matching, one name.
    Some(MatchingId(id)).filter(|id| venue_name(*id) == name)
}

/// Where it stands among somebody's matchings, in the order in which they were made.
pub fn mine_key(user_id: UserId, id: MatchingId) -> Key {
    Key::new(partition(user_id), format!("{PREFIX}{id}"))
}

/// Where it stands among somebody's that are not over.
pub fn open_key(user_id: UserId, id: MatchingId) -> Key {
    Key::new(open(user_id), id.to_string())
}

/// The partition of somebody's matchings that are not over.
pub fn open(user_id: UserId) -> String {
    format!("OPEN#{user_id}")
}

/// That a matching is somebody's.
#[derive(Serialize, Deserialize)]
pub struct Mine {
    /// Which.
    pub matching_id: MatchingId,
}

/// A matching of `me`'s. One request.
///
/// # Errors
/// `not_found` for a stranger too.
pub async fn find(table: &Table, me: UserId, id: MatchingId) -> Result<(StoredMatching, Party)> {
    let found: Option<StoredMatching> = table.get(&matching_key(id)).await?;
    let mine = found.and_then(|stored| stored.party(me).map(|party| (stored, party)));
    mine.ok_or_else(|| Error::not_found("matching"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_venue_tells_its_matching_and_has_one_spelling() {
        let id: MatchingId = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50".parse().unwrap();
        let name = venue_name(id);
        assert_eq!(name, "v-019aa2b47c1e7d339f0a5b1c2d3e4f50");
        assert_eq!((name.len(), of_venue(&name)), (34, Some(id)));
        for other in [
            format!("v-{id}"),
            format!("v-{}", id.0.simple().to_string().to_uppercase()),
            id.to_string(),
            "v-".to_owned(),
            "20261121T0900-0".to_owned(),
        ] {
            assert_eq!(of_venue(&other), None, "{other}");
        }
    }
}
