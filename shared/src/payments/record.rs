//! A payment's record, and how it moves forward.

use std::{borrow::Cow, collections::BTreeMap};

use derive_more::{Display, FromStr};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use super::{
    PaymentRef,
    parts::{Dispute, DisputeState, Refund, Transfer, part_of},
};
use crate::{app::App, events::PaymentSummary, seal::sha256, user_id::UserId};

/// A payment's id: a UUIDv7.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    FromStr,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51")]
pub struct PaymentId(Uuid);

impl PaymentId {
    /// The id of a new payment.
    pub fn new(app: &App) -> Self {
        Self(app.new_id())
    }

    /// The id of what Stripe itself has begun (`in_…`) at `created`: always the same.
    pub fn derived(name: &str, created: Timestamp) -> Self {
        let mut random = [0; 10];
        random.copy_from_slice(&sha256(name.as_bytes())[..10]);
        let millis = u64::try_from(created.as_millisecond()).unwrap_or_default();
        Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

/// Who pays: a user, or an organisation. Their ids are of one kind, so that nobody has another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Display, FromStr)]
#[serde(transparent)]
pub struct PayerId(Uuid);

impl From<UserId> for PayerId {
    fn from(user: UserId) -> Self {
        Self::from_bytes(user.to_bytes())
    }
}

impl PayerId {
    /// The payer whose id has these 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

/// What is paid for: a name that the service chooses, such as `order`, and that the rule of its
/// function listens for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = PaymentPurpose, value_type = String, example = "order")]
pub struct Purpose(Cow<'static, str>);

impl Purpose {
    /// The purpose called `name`, in snake case.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

/// Where a payment stands. In the order in which it moves, and never back.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentState)]
pub enum State {
    /// It can be paid, or soon can.
    Pending,
    /// The customer is done and the money on its way, with konbini perhaps for days.
    Processing,
    /// It could not be paid any more.
    Expired,
    /// The money did not come.
    Failed,
    /// The money is there.
    Settled,
    /// A part of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
}

impl State {
    /// Whether the money came, given back later or not.
    pub fn is_paid(self) -> bool {
        self >= Self::Settled
    }
}

/// A line of what is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What the customer reads, 1–250 characters.
    pub name: String,
    /// The price of one, in minor units.
    pub unit_amount: i64,
    /// How many.
    pub quantity: u64,
}

/// What is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// Something that is paid for once.
    Lines(Vec<Line>),
    /// Something that is paid for each period.
    Subscription {
        /// Stripe's `cus_…`.
        customer: String,
        /// Stripe's `price_…`.
        price: String,
        /// What one costs each period, in minor units.
        unit_amount: i64,
        /// How many, the seats.
        quantity: u64,
    },
    /// A further period of a subscription, or what a change of seats costs; Stripe's `in_…`.
    Renewal(String),
}

impl Product {
    /// The sum, in minor units; `None` when it is out of all bounds.
    pub(super) fn amount(&self) -> Option<i64> {
        let of = |unit_amount: i64, quantity: u64| {
            unit_amount.checked_mul(i64::try_from(quantity).ok()?)
        };
        match self {
            Self::Lines(lines) => lines.iter().try_fold(0_i64, |sum, line| {
                sum.checked_add(of(line.unit_amount, line.quantity)?)
            }),
            Self::Subscription {
                unit_amount,
                quantity,
                ..
            } => of(*unit_amount, *quantity),
            Self::Renewal(_) => None,
        }
    }
}

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Where it led.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// What made us look: an event's type, `opened`, `expired on request`, `swept`.
    pub cause: String,
}

/// What belongs to a payment at Stripe, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeObjects {
    /// `cs_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout_session: Option<String>,
    /// `pi_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_intent: Option<String>,
    /// `ch_…`, which transfers come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
    /// Stripe's receipt, or the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_url: Option<String>,
    /// `sub_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// `in_…`, of a subscription's first period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<String>,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub payment_id: PaymentId,
    /// Who pays.
    pub payer: PayerId,
    /// What for.
    pub purpose: Purpose,
    /// The service's own record.
    pub reference: String,
    /// What is paid for.
    pub product: Product,
    /// In minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Where it stands.
    pub state: State,
    /// What was given back, in minor units: the refunds that Stripe took and that did not fail.
    pub amount_refunded: i64,
    /// How it came there.
    pub history: Vec<Transition>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// What Stripe calls it.
    #[serde(flatten)]
    pub stripe: StripeObjects,
    /// What the service has asked to be given back, by the service's own names for it; what was given
    /// back at Stripe itself, by its id there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<String, Refund>,
    /// What the service has asked to be passed on, by the service's own names for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transfers: BTreeMap<String, Transfer>,
    /// What the payer's bank has taken back for a time or for good, by Stripe's `du_…`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub disputes: BTreeMap<String, Dispute>,
    /// When to look after it if nothing happens, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
    /// Counts the writes.
    pub version: u64,
}

impl StripeObjects {
    /// Takes over what was not known.
    fn learn(&mut self, seen: &Self) {
        for (known, seen) in [
            (&mut self.checkout_session, &seen.checkout_session),
            (&mut self.payment_intent, &seen.payment_intent),
            (&mut self.charge, &seen.charge),
            (&mut self.receipt_url, &seen.receipt_url),
            (&mut self.subscription, &seen.subscription),
            (&mut self.invoice, &seen.invoice),
        ] {
            if known.is_none() {
                known.clone_from(seen);
            }
        }
    }
}

/// What Stripe says of a payment now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What is to be paid, in minor units, where that is another sum than was asked for: what a customer had to
    /// its credit, or owed, goes into the invoice of a subscription.
    pub amount: Option<i64>,
    /// Where it stands: nothing about what was given back, which follows from `refunds`.
    pub state: State,
    /// Some of its refunds, by the names that [`Payment::refunds`] has for them.
    pub refunds: BTreeMap<String, Refund>,
    /// Some of its disputes, by their ids.
    pub disputes: BTreeMap<String, Dispute>,
    /// What Stripe calls it.
    pub stripe: StripeObjects,
}

impl Observed {
    /// A state, and nothing else.
    pub fn state(state: State) -> Self {
        Self {
            amount: None,
            state,
            refunds: BTreeMap::new(),
            disputes: BTreeMap::new(),
            stripe: StripeObjects::default(),
        }
    }
}

/// For how long webhooks may be late before a payment that can no longer be paid is asked about, in
/// seconds.
const PATIENCE: i64 = 5 * 60;
/// How often a payment on its way is asked about, in seconds.
const PROCESSING: i64 = 24 * 60 * 60;
/// When a refund, a transfer or a reversal is looked after that is not confirmed, in seconds.
const UNCONFIRMED: i64 = 10 * 60;
/// How often an open dispute is asked about, and a debt asked for, in seconds.
const DAILY: i64 = 24 * 60 * 60;

impl Payment {
    /// Where it lies.
    pub fn payment_ref(&self) -> PaymentRef {
        PaymentRef {
            payer: self.payer,
            payment_id: self.payment_id,
        }
    }

    /// The record after `seen`; `None` when that tells nothing new. Forward only: what is paid stays
    /// paid, a refund that failed has failed, an id never changes. So the end is the same in whatever
    /// order things are seen.
    pub fn moved(&self, seen: &Observed, now: Timestamp, cause: &str) -> Option<Self> {
        let mut next = self.clone();
        next.state = self.state.max(seen.state);
        next.amount = seen.amount.unwrap_or(self.amount);
        next.stripe.learn(&seen.stripe);
        for (name, refund) in &seen.refunds {
            let known = next.refunds.entry(name.clone());
            let known = known.or_insert_with(|| refund.clone());
            known.failed |= refund.failed;
            known.refused = known.refused.max(refund.refused);
            if known.id.is_none() {
                known.id.clone_from(&refund.id);
            }
        }
        for (id, dispute) in &seen.disputes {
            let known = next.disputes.entry(id.clone());
            let known = known.or_insert_with(|| dispute.clone());
            if known.state < dispute.state {
                known.clone_from(dispute);
            }
        }
        next.count();
        if next == *self {
            return None;
        }
        if next.state != self.state
            || next.amount_refunded != self.amount_refunded
            || next.disputes != self.disputes
        {
            next.note(now, cause);
        }
        Some(next.due(now))
    }

    /// Sums up what was given back, and what state that makes.
    fn count(&mut self) {
        let given = self.refunds.values().filter(|refund| refund.is_given());
        self.amount_refunded = given.map(|refund| refund.amount).sum();
        if self.state.is_paid() {
            self.state = match self.amount_refunded {
                0 => State::Settled,
                part if part < self.amount => State::PartiallyRefunded,
                _ => State::Refunded,
            };
        }
    }

    /// Adds to the history where it stands.
    pub(super) fn note(&mut self, now: Timestamp, cause: &str) {
        self.history.push(Transition {
            state: self.state,
            at: now,
            cause: cause.to_owned(),
        });
    }

    /// With `due_at` as it stands now.
    #[must_use]
    pub(super) fn due(mut self, now: Timestamp) -> Self {
        let seconds = now.as_second();
        self.due_at = match self.state {
            State::Pending => Some(self.expires_at.as_second().max(seconds) + PATIENCE),
            State::Processing => Some(seconds + PROCESSING),
            State::Expired | State::Failed => None,
            _ if !self.is_confirmed() => Some(seconds + UNCONFIRMED),
            _ if self.is_disputed() || self.debts(now).next().is_some() => Some(seconds + DAILY),
            _ => None,
        };
        self
    }

    /// Whether Stripe has answered all that it was asked. A transfer that it refused waits for the
    /// service, a refund that it refused because of a dispute for the dispute's end.
    pub(super) fn is_confirmed(&self) -> bool {
        let done = |it: &Transfer| !it.is_under_way() && it.coming_back().is_none();
        self.transfers.values().all(done)
            && !self.refunds.values().any(|refund| self.is_due(refund))
    }

    /// Whether a refund is to be asked for.
    pub(super) fn is_due(&self, refund: &Refund) -> bool {
        refund.waits() && !(refund.refused > 0 && self.is_disputed())
    }

    /// Whether a dispute of it is open: nothing of it is given back or passed on then.
    pub fn is_disputed(&self) -> bool {
        let mut disputes = self.disputes.values();
        disputes.any(|dispute| dispute.state == DisputeState::Open)
    }

    /// What disputes have taken for good, in minor units.
    pub fn amount_lost(&self) -> i64 {
        let disputes = self.disputes.values();
        let lost = disputes.filter(|dispute| dispute.state == DisputeState::Lost);
        lost.map(|dispute| dispute.amount).sum()
    }

    /// The transfers of which something is owed and still asked for.
    pub(super) fn debts(&self, now: Timestamp) -> impl Iterator<Item = (&str, &Transfer)> {
        let names = self.transfers.iter();
        names
            .filter(move |(_, transfer)| transfer.is_owed(now))
            .map(|(name, transfer)| (&**name, transfer))
    }

    /// What is neither gone, nor given back, nor asked to be, in minor units.
    pub(super) fn left(&self) -> i64 {
        self.amount - self.amount_lost() - self.refunded_of(|_| true)
    }

    /// What of `part`, the sum of what belongs to this name, is neither given back nor asked to be.
    pub(super) fn left_of(&self, name: &str, part: i64) -> i64 {
        part - self.refunded_of(|refund| part_of(refund) == name)
    }

    /// Whether what is left of the charge covers a transfer of `amount` beside the others that came
    /// from it. What was taken back of those is not counted on.
    pub(super) fn charge_covers(&self, amount: i64) -> bool {
        let from_charge = self
            .transfers
            .values()
            .filter(|it| it.from_charge && it.id.is_some());
        let passed_on: i64 = from_charge.map(|it| it.amount).sum();
        amount <= self.left() - passed_on
    }

    /// What is given back, or asked to be, under these names.
    fn refunded_of(&self, which: impl Fn(&str) -> bool) -> i64 {
        let stands = self.refunds.iter();
        stands
            .filter(|(name, refund)| !refund.failed && which(name))
            .map(|(_, refund)| refund.amount)
            .sum()
    }

    /// What the announcements say of it.
    pub fn summary(&self) -> PaymentSummary {
        PaymentSummary {
            payment_id: self.payment_id,
            payer: self.payer,
            purpose: self.purpose.clone(),
            reference: self.reference.clone(),
            amount: self.amount,
            amount_refunded: self.amount_refunded,
            currency: self.currency.clone(),
            subscription: self.stripe.subscription.clone(),
        }
    }
}
