//! The states of a matching: one function, [`step`], from where it stands, who does what, and when, to
//! where it stands then and what follows: bookings, the Checkout, money that goes back, mails.
//!
//! What needs more than the matching itself is its caller's: that the caller is a party at all, that both
//! are verified, that the calendars are free, and what the Checkout says when it is expired.

use enishi_shared::payments::PaymentId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(test)]
mod tests;
mod transitions;

pub use transitions::{not_for_it, step};

/// Dates and lengths lie on this grid, in seconds.
const GRID: i64 = 15 * 60;
/// How far ahead a date is at the least when it is proposed, accepted and booked.
pub const LEAST_AHEAD: SignedDuration = SignedDuration::from_hours(3);
/// … and at the most.
pub const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How long a request waits for an answer, and an agreement for its booking.
const PATIENCE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long a booking waits for its payment.
const UNPAID: SignedDuration = SignedDuration::from_hours(24);
/// How long before the start it is paid at the latest.
const PAID_BEFORE: SignedDuration = SignedDuration::from_hours(1);
/// How long before the start the two are reminded of it.
const REMINDERS: [SignedDuration; 2] = [
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(1),
];
/// How long after its end a meeting is ended.
pub const ENDS_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// Where a matching stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A listener has asked a speaker.
    Requested,
    /// They agree on a date and a length.
    Accepted,
    /// Both calendars hold it, and it waits for the payment.
    Scheduled,
    /// It takes place.
    Paid,
    /// The speaker does not want to.
    Declined,
    /// It came to nothing before it was paid.
    Cancelled,
    /// It was paid, and came to nothing.
    Refunded,
    /// It took place.
    Done,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Accepted,
        Self::Scheduled,
        Self::Paid,
        Self::Declined,
        Self::Cancelled,
        Self::Refunded,
        Self::Done,
    ];

    /// As it is stored and shown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::Done => "done",
        }
    }

    /// Whether nothing changes it any more.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Declined | Self::Cancelled | Self::Refunded | Self::Done
        )
    }

    /// Whether it was paid, and so tells the two who they are.
    pub fn is_paid_for(self) -> bool {
        matches!(self, Self::Paid | Self::Refunded | Self::Done)
    }

    /// Whether the two calendars hold it.
    pub fn is_booked(self) -> bool {
        matches!(self, Self::Scheduled | Self::Paid)
    }
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The employee.
    Speaker,
    /// The student, who asks and pays.
    Listener,
}

impl Party {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Speaker, Self::Listener];

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Speaker => Self::Listener,
            Self::Listener => Self::Speaker,
        }
    }
}

/// A visit that both could agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// When it begins.
    pub date: Timestamp,
    /// Its length in minutes: 15–120, in steps of 15.
    pub minutes: u16,
}

impl Terms {
    /// When it is over.
    pub fn end(self) -> Timestamp {
        self.date + SignedDuration::from_mins(self.minutes.into())
    }
}

/// What one of them proposed, until the other accepts it or proposes anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who.
    pub by: Party,
    /// When; a request may leave that to the speaker.
    pub date: Option<Timestamp>,
    /// How long, in minutes.
    pub minutes: u16,
}

/// A matching, as far as its states go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// When it last changed, a proposal included.
    pub changed_at: Timestamp,
    /// What they agreed on; always there from `accepted` to `paid`.
    pub terms: Option<Terms>,
    /// What is proposed beside it.
    pub proposal: Option<Proposal>,
    /// What was paid for it, in yen.
    pub paid: u64,
    /// The payment of it: the first that settled while it waited for one.
    pub payment: Option<PaymentId>,
    /// What the two were to be reminded of until then, they were, or it came too late.
    pub reminded_at: Timestamp,
}

/// Who was there: joined at the latest so many minutes after the start as the configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The speaker was.
    pub speaker: bool,
    /// The listener was.
    pub listener: bool,
}

/// What is done with a matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// By a party: accepts what the other proposed; with a date where that has none.
    Accept {
        /// When, where the proposal leaves it open.
        date: Option<Timestamp>,
    },
    /// By a party: does not want to.
    Decline,
    /// By a party: does not want to any more.
    Cancel,
    /// By a party: would rather have it so; what is left out stays.
    Propose {
        /// When.
        date: Option<Timestamp>,
        /// How long, in minutes.
        minutes: Option<u16>,
    },
    /// By a party: books what was agreed, and says what that was.
    Schedule(Terms),
    /// By a party: wants to pay.
    Pay,
    /// By the payments: the money has come. Once a payment: what comes beside the one that counts goes
    /// back, and a second time it would go back twice.
    Settle {
        /// Which.
        payment: PaymentId,
        /// In yen.
        amount: u64,
    },
    /// By the clock: it waits for an answer, its booking or its payment, and is due ([`Matching::due`]).
    Lapse,
    /// By the clock: the two are to be reminded ([`Matching::reminder_due`]).
    Remind,
    /// By the clock: the paid meeting has been over for [`ENDS_AFTER`].
    End(Presence),
    /// By the house: a party was suspended by an operator.
    Suspend,
    /// By the house: a party is not verified any more.
    Unverify,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// One of the two.
    Party(Party),
    /// The payments ledger.
    Payments,
    /// The sweep.
    Clock,
    /// The house itself.
    House,
}

/// What becomes of the bookings in the two calendars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bookings {
    /// Nothing.
    Unchanged,
    /// Both are booked.
    Book(Terms),
    /// Both are booked otherwise.
    Move {
        /// What was booked.
        from: Terms,
        /// What is.
        to: Terms,
    },
    /// Both are free again.
    Free(Terms),
}

/// What becomes of the Checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkout {
    /// Nothing.
    Unchanged,
    /// There is to be one; an open one is that one.
    Open,
    /// An open one is to be expired *first*. If it is found paid, that has settled, and the action is
    /// judged anew.
    Expire,
}

/// What is told, and in a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A listener asks.
    Requested,
    /// The other proposes something.
    Proposed,
    /// The other agrees.
    Accepted,
    /// The speaker does not want to.
    Declined,
    /// There is an appointment, to be paid for; with an `.ics`.
    Scheduled,
    /// The appointment is at another time; with an `.ics`.
    Moved,
    /// It is paid, and takes place.
    Paid,
    /// It came to nothing.
    Cancelled,
    /// It came to nothing, and money goes back.
    Refunded,
    /// It is a day or an hour ahead.
    Reminder,
    /// It took place; with the listener's receipt.
    Ended,
}

/// A mail to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Whom to.
    pub to: Party,
    /// What about.
    pub about: Topic,
}

/// What a step makes of a matching, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The matching as it is then.
    pub matching: Matching,
    /// What becomes of the bookings.
    pub bookings: Bookings,
    /// What becomes of the Checkout.
    pub checkout: Checkout,
    /// What goes back to the listener, in yen: of the payment that settles, else of the one that counted.
    pub refund: u64,
    /// What is told.
    pub mails: Vec<Mail>,
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// 409: not in this state, or not by this actor.
    State(State),
    /// 409: it is not what was agreed.
    NotAgreed,
    /// 409: no Checkout would end before the booking lapses.
    TooLateToPay,
    /// 400: a date that is too near, too far or off the grid.
    Date,
    /// 400: no date is known.
    NoDate,
    /// 400: a length that is none of 15–120 minutes in steps of 15.
    Length,
}

impl Matching {
    /// A new one, as a listener asks for it.
    ///
    /// # Errors
    /// [`Refused::Date`], [`Refused::Length`].
    pub fn request(date: Option<Timestamp>, minutes: u16, now: Timestamp) -> Result<Self, Refused> {
        check_length(minutes)?;
        if let Some(date) = date {
            check_date(date, now)?;
        }
        Ok(Self {
            state: State::Requested,
            since: now,
            changed_at: now,
            terms: None,
            proposal: Some(Proposal {
                by: Party::Listener,
                date,
                minutes,
            }),
            paid: 0,
            payment: None,
            reminded_at: now,
        })
    }

    /// When the clock has something to do with it; never once it is final.
    pub fn due(&self) -> Option<Timestamp> {
        match (self.state, self.terms) {
            (State::Requested, _) => Some(self.changed_at + PATIENCE),
            (State::Accepted, Some(terms)) => Some(terms.date.min(self.changed_at + PATIENCE)),
            (State::Scheduled, Some(terms)) => Some(self.lapses(terms)),
            (State::Paid, Some(terms)) => Some(self.reminder(terms).unwrap_or(ends(terms))),
            _ => None,
        }
    }

    /// Whether it is a reminder that the clock has to see to, and not the end ([`Action::Remind`]).
    pub fn reminder_due(&self, now: Timestamp) -> bool {
        let reminder = self.terms.and_then(|terms| self.reminder(terms));
        self.state == State::Paid && reminder.is_some_and(|at| at <= now)
    }

    /// The next reminder.
    fn reminder(&self, terms: Terms) -> Option<Timestamp> {
        let reminders = REMINDERS.map(|ahead| terms.date - ahead);
        reminders.into_iter().find(|at| *at > self.reminded_at)
    }

    /// When a booking that is not paid for ends.
    fn lapses(&self, terms: Terms) -> Timestamp {
        (terms.date - PAID_BEFORE).min(self.since + UNPAID)
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// As it is when a party looks at it: what should have lapsed has, however late the sweep is.
    pub fn seen(self, now: Timestamp) -> State {
        match self.state {
            State::Requested | State::Accepted | State::Scheduled if self.is_due(now) => {
                State::Cancelled
            }
            state => state,
        }
    }

    /// In another state.
    fn into_state(self, state: State, now: Timestamp) -> Self {
        Self {
            state,
            since: now,
            changed_at: now,
            proposal: None,
            ..self
        }
    }
}

/// When a meeting is ended.
fn ends(terms: Terms) -> Timestamp {
    terms.end() + ENDS_AFTER
}

fn check_date(date: Timestamp, now: Timestamp) -> Result<(), Refused> {
    let is_on_grid = date.as_nanosecond() % (i128::from(GRID) * 1_000_000_000) == 0;
    let ahead = date.duration_since(now);
    match is_on_grid && (LEAST_AHEAD..=MOST_AHEAD).contains(&ahead) {
        true => Ok(()),
        false => Err(Refused::Date),
    }
}

/// A length in minutes, for `#[garde(custom(…))]`.
///
/// # Errors
/// Says that it is none.
pub fn length<C>(minutes: &u16, _: &C) -> garde::Result {
    let checked = check_length(*minutes);
    checked.map_err(|_| garde::Error::new("15 to 120 minutes in steps of 15"))
}

/// That a visit can last so many minutes.
///
/// # Errors
/// [`Refused::Length`].
pub fn check_length(minutes: u16) -> Result<(), Refused> {
    match (15..=120).contains(&minutes) && minutes.is_multiple_of(15) {
        true => Ok(()),
        false => Err(Refused::Length),
    }
}
