//! The events that cross services.

use serde::{Deserialize, Serialize};

use super::Announcement;
use crate::{
    mail::{Letter, Topic},
    payments::{PayerId, PaymentId, Purpose},
    user_id::UserId,
};

/// The source of what is announced about accounts, whichever service's function it was.
const ACCOUNTS: &str = "enishi.identity";
/// The source of what is announced about payments, and of what Stripe tells.
const PAYMENTS: &str = "enishi.payments";

/// Somebody has signed up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountCreated {
    /// The new account. Who it is, its reader looks up: an event outlives a closed account.
    pub user_id: UserId,
}

impl Announcement for AccountCreated {
    const DETAIL_TYPE: &'static str = "account.created";
    const SOURCE: &'static str = ACCOUNTS;
}

/// Somebody has closed their account; identity announces it. Every service erases what it holds of
/// them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountDeleted {
    /// The account that was.
    pub user_id: UserId,
}

impl Announcement for AccountDeleted {
    const DETAIL_TYPE: &'static str = "account.deleted";
    const SOURCE: &'static str = ACCOUNTS;
}

/// The address of an account that was there before has been proved to be its owner's; announced in the
/// transaction that notes it. Whoever joins an account later reads there whether it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountVerified {
    /// The account.
    pub user_id: UserId,
}

impl Announcement for AccountVerified {
    const DETAIL_TYPE: &'static str = "account.verified";
    const SOURCE: &'static str = ACCOUNTS;
}

/// Sessions have ended before their time: somebody logged out, has a new password, or a spent token
/// came back. identity announces it in the transaction that ends them; what was opened with them
/// is closed. With an account they all end, which is announced as [`AccountDeleted`] alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionEnded {
    /// Whose they were.
    pub user_id: UserId,
    /// Which of theirs.
    pub ended: Ended,
}

/// The sessions of an account that have ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The one with this id.
    SessionId(String),
    /// All that began before the account had this epoch. One that began since goes on, however late
    /// the event comes.
    BeforeEpoch(u32),
}

impl Announcement for SessionEnded {
    const DETAIL_TYPE: &'static str = "session.ended";
    const SOURCE: &'static str = ACCOUNTS;
}

/// A service has a letter to send. Whatever service it is, the source is the same, so that one rule
/// takes them all.
#[derive(Serialize, Deserialize)]
pub struct MailRequested {
    /// Who gets it.
    pub to: Recipient,
    /// What they get, in the language they read. No secrets: it lies in the outbox for a week.
    pub letter: Letter,
}

impl Announcement for MailRequested {
    const DETAIL_TYPE: &'static str = "mail.requested";
    const SOURCE: &'static str = "enishi.mail";
}

/// Who gets a letter.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// Whoever has this account when the letter is sent, at the address it has then. An account that
    /// is closed by then gets none.
    UserId(UserId),
    /// The same, in the language of the account, and only while they want letters about `topic`; each
    /// has a link that ends them.
    Subscriber {
        /// The account.
        user_id: UserId,
        /// What the letter is about.
        topic: Topic,
    },
    /// Somebody who has no account with us.
    Address(String),
}

/// What an announcement says of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSummary {
    /// The payment.
    pub payment_id: PaymentId,
    /// Who paid, or was to pay.
    pub payer: PayerId,
    /// What for: rules choose by it.
    pub purpose: Purpose,
    /// The service's own record.
    pub reference: String,
    /// In minor units.
    pub amount: i64,
    /// What was given back of it so far.
    pub amount_refunded: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Stripe's `sub_…`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
}

macro_rules! announcements {
    ($($(#[$about:meta])* $name:ident = $detail_type:literal,)+) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub PaymentSummary);

        impl Announcement for $name {
            const DETAIL_TYPE: &'static str = $detail_type;
            const SOURCE: &'static str = PAYMENTS;
        }
    )+};
}

announcements! {
    /// The customer is done and the money on its way: a slip is out, or the bank takes its time. Told
    /// once; a payment that is paid at once never is.
    PaymentProcessing = "payment.processing",
    /// The money is there.
    PaymentSettled = "payment.settled",
    /// The money did not come.
    PaymentFailed = "payment.failed",
    /// It can no longer be paid.
    PaymentExpired = "payment.expired",
}

/// What is announced beside the payment's summary, in whose fields it lies.
macro_rules! detailed {
    ($($(#[$about:meta])* $name:ident = $detail_type:literal
        { $(#[$of:meta])* $field:ident: $type:ty },)+) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The payment, as it is then.
            #[serde(flatten)]
            pub payment: PaymentSummary,
            $(#[$of])*
            pub $field: $type,
        }

        impl Announcement for $name {
            const DETAIL_TYPE: &'static str = $detail_type;
            const SOURCE: &'static str = PAYMENTS;
        }
    )+};
}

detailed! {
    /// More was given back than before.
    PaymentRefunded = "payment.refunded" {
        /// What, since the last such event.
        refunds: Vec<NamedRefund>
    },
    /// Something that was to be given back was refused, or came back; final. It can be given back under
    /// another name.
    PaymentRefundFailed = "payment.refund_failed" {
        /// What, since the last such event.
        refunds: Vec<NamedRefund>
    },
    /// The payer's bank takes the money back until the dispute is decided. While one is open, the
    /// payment can be neither given back nor passed on.
    PaymentDisputed = "payment.disputed" {
        /// The dispute.
        dispute: DisputeSummary
    },
    /// A dispute was decided for us, or withdrawn: the money is there again. It may come before
    /// [`PaymentDisputed`], or without it.
    PaymentDisputeWon = "payment.dispute_won" {
        /// The dispute.
        dispute: DisputeSummary
    },
    /// A dispute was decided for the payer: the money is gone. It may come before
    /// [`PaymentDisputed`], or without it.
    PaymentDisputeLost = "payment.dispute_lost" {
        /// The dispute.
        dispute: DisputeSummary
    },
    /// What was passed on is back, or is not and owed; again whenever that changes.
    PaymentReversed = "payment.reversed" {
        /// How it stands.
        reversal: ReversalSummary
    },
}

/// A refund of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRefund {
    /// What the service calls it; of one that was made at Stripe itself, its id there.
    pub name: String,
    /// In minor units.
    pub amount: i64,
}

/// A dispute of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeSummary {
    /// Stripe's `du_…`; a payment can be disputed more than once.
    pub id: String,
    /// What of the payment is disputed, in minor units.
    pub amount: i64,
    /// Stripe's word for it, `fraudulent`, `product_not_received`.
    pub reason: String,
}

/// How it stands with what is taken back of a transfer. `reversed` never falls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReversalSummary {
    /// What the service calls the transfer.
    pub name: String,
    /// What came back so far, in minor units.
    pub reversed: i64,
    /// What the account that it went to could not cover: a debt to the house.
    pub owed: i64,
}

/// Something happened to an object of Stripe's; `detail-type` is `stripe.` and Stripe's own type. A
/// hint, no more: whoever takes it asks Stripe for the object's present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeEvent {
    /// Stripe's type, `checkout.session.completed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the object is, `checkout.session`.
    pub object: String,
    /// The object's id.
    pub object_id: String,
    /// The connected account it belongs to; none is our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl StripeEvent {
    /// EventBridge's `source` of these.
    pub const SOURCE: &'static str = PAYMENTS;
}
