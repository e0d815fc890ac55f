//! [`step`], and what each action does.

use enishi_shared::payments::PaymentId;
use jiff::{SignedDuration, Timestamp};

use super::{
    Action, Actor, Bookings, Checkout, Mail, Matching, Party, Presence, Proposal, Refused, State,
    Step, Terms, Topic, check_date, check_length, ends,
};

/// How long a Checkout lasts, and a minute: none is opened that would outlive the booking.
const CHECKOUT: SignedDuration = SignedDuration::from_mins(31);
/// Until how long before the start all is given back to the listener, and a date can be moved.
const NOTICE: SignedDuration = SignedDuration::from_hours(24);

/// What becomes of `matching` when `actor` does this now.
///
/// # Errors
/// Why nothing becomes of it.
pub fn step(
    matching: &Matching,
    actor: Actor,
    action: Action,
    now: Timestamp,
) -> Result<Step, Refused> {
    let here = *matching;
    let no = Refused::State(match actor {
        Actor::Party(_) => here.seen(now),
        _ => here.state,
    });
    match (actor, action) {
        (Actor::Party(_), _) if here.seen(now).is_final() => Err(no),
        (Actor::Party(_), _) if here.state == State::Paid && has_begun(&here, now) => Err(no),
        (Actor::Party(by), Action::Propose { date, minutes }) => {
            propose(here, by, date, minutes, now).ok_or(no)?
        }
        (Actor::Party(by), Action::Accept { date }) => accept(here, by, date, now).ok_or(no)?,
        (Actor::Party(Party::Speaker), Action::Decline) if here.state == State::Requested => {
            let declined = here.into_state(State::Declined, now);
            Ok(Step::to(declined).tells(Party::Listener, Topic::Declined))
        }
        (Actor::Party(by), Action::Cancel) => cancel(here, by, now).ok_or(no),
        (Actor::Party(by), Action::Schedule(asked)) if here.state == State::Accepted => {
            schedule(here, by, asked, now)
        }
        (Actor::Party(Party::Listener), Action::Pay) if here.state == State::Scheduled => {
            match here.due() {
                Some(due) if now + CHECKOUT <= due => Ok(Step {
                    checkout: Checkout::Open,
                    ..Step::to(here)
                }),
                _ => Err(Refused::TooLateToPay),
            }
        }
        (Actor::Payments, Action::Settle { payment, amount }) => {
            Ok(settle(here, payment, amount, now))
        }
        (Actor::Clock, Action::Lapse) if here.state != State::Paid && here.is_due(now) => {
            Ok(nothing_comes_of(here, State::Cancelled, 0, now))
        }
        (Actor::Clock, Action::Remind) if here.reminder_due(now) => Ok(remind(here, now)),
        (Actor::Clock, Action::End(there)) if here.state == State::Paid && is_over(&here, now) => {
            Ok(end(here, there, now))
        }
        (Actor::House, Action::Suspend) => match here.state {
            State::Requested | State::Accepted | State::Scheduled => {
                Ok(nothing_comes_of(here, State::Cancelled, 0, now))
            }
            State::Paid if !has_begun(&here, now) => {
                Ok(nothing_comes_of(here, State::Refunded, here.paid, now))
            }
            _ => Ok(Step::to(here)),
        },
        (Actor::House, Action::Unverify) => match here.state {
            State::Requested | State::Accepted => {
                Ok(nothing_comes_of(here, State::Cancelled, 0, now))
            }
            // What is booked goes on.
            _ => Ok(Step::to(here)),
        },
        _ => Err(no),
    }
}

impl Step {
    /// To this, with nothing that follows.
    pub fn to(matching: Matching) -> Self {
        Self {
            matching,
            bookings: Bookings::Unchanged,
            checkout: Checkout::Unchanged,
            refund: 0,
            mails: Vec::new(),
        }
    }

    pub(super) fn tells(mut self, to: Party, about: Topic) -> Self {
        self.mails.push(Mail { to, about });
        self
    }

    pub(super) fn tells_both(self, about: Topic) -> Self {
        self.tells(Party::Speaker, about)
            .tells(Party::Listener, about)
    }
}

/// What is there to go by: what is proposed, else what was agreed.
fn known(here: &Matching) -> (Option<Timestamp>, Option<u16>) {
    match (here.proposal, here.terms) {
        (Some(proposal), _) => (proposal.date, Some(proposal.minutes)),
        (None, Some(terms)) => (Some(terms.date), Some(terms.minutes)),
        (None, None) => (None, None),
    }
}

/// Whether something can be proposed and accepted; a paid visit of this length only.
fn is_open(here: &Matching, minutes: u16, now: Timestamp) -> bool {
    match (here.state, here.terms) {
        (State::Requested | State::Accepted | State::Scheduled, _) => true,
        (State::Paid, Some(terms)) => minutes == terms.minutes && now + NOTICE <= terms.date,
        _ => false,
    }
}

/// `None` where the state does not allow it.
fn propose(
    here: Matching,
    by: Party,
    date: Option<Timestamp>,
    minutes: Option<u16>,
    now: Timestamp,
) -> Option<Result<Step, Refused>> {
    let (known_date, known_minutes) = known(&here);
    let minutes = minutes.or(known_minutes)?;
    if !is_open(&here, minutes, now) {
        return None;
    }
    let checked = || {
        check_length(minutes)?;
        let date = date.or(known_date).ok_or(Refused::NoDate)?;
        check_date(date, now)?;
        Ok(date)
    };
    Some(checked().map(|date| {
        let proposal = Some(Proposal {
            by,
            date: Some(date),
            minutes,
        });
        let proposed = Matching {
            proposal,
            changed_at: now,
            ..here
        };
        Step::to(proposed).tells(by.other(), Topic::Proposed)
    }))
}

/// `None` where the state does not allow it, or nothing of the other's stands.
fn accept(
    here: Matching,
    by: Party,
    date: Option<Timestamp>,
    now: Timestamp,
) -> Option<Result<Step, Refused>> {
    let proposal = here.proposal.filter(|proposal| proposal.by != by)?;
    let minutes = proposal.minutes;
    if !is_open(&here, minutes, now) {
        return None;
    }
    let Some(proposed) = proposal.date else {
        // It is for the other to agree to the date, then.
        return match date {
            Some(_) => propose(here, by, date, None, now),
            None => Some(Err(Refused::NoDate)),
        };
    };
    if date.is_some_and(|date| date != proposed) {
        return Some(Err(Refused::NotAgreed));
    }
    if let Err(refused) = check_date(proposed, now) {
        return Some(Err(refused));
    }
    let to = Terms {
        date: proposed,
        minutes,
    };
    let agreed = Matching {
        terms: Some(to),
        proposal: None,
        changed_at: now,
        reminded_at: now,
        ..here
    };
    Some(Ok(match (here.state, here.terms) {
        (State::Scheduled | State::Paid, Some(from)) => Step {
            bookings: Bookings::Move { from, to },
            checkout: match from.minutes == to.minutes {
                true => Checkout::Unchanged,
                false => Checkout::Expire,
            },
            ..Step::to(agreed).tells_both(Topic::Moved)
        },
        (State::Accepted, _) => Step::to(agreed).tells(by.other(), Topic::Accepted),
        _ => Step::to(agreed.into_state(State::Accepted, now)).tells(by.other(), Topic::Accepted),
    }))
}

/// `None` where this party cannot.
fn cancel(here: Matching, by: Party, now: Timestamp) -> Option<Step> {
    match (here.state, by, here.terms) {
        (State::Requested, Party::Listener, _) | (State::Accepted | State::Scheduled, _, _) => {
            Some(nothing_comes_of(here, State::Cancelled, 0, now))
        }
        (State::Paid, Party::Speaker, _) => {
            Some(nothing_comes_of(here, State::Refunded, here.paid, now))
        }
        (State::Paid, Party::Listener, Some(terms)) => {
            let back = match now + NOTICE <= terms.date {
                true => here.paid,
                // An odd yen goes to the payer.
                false => here.paid.div_ceil(2),
            };
            Some(nothing_comes_of(here, State::Refunded, back, now))
        }
        _ => None,
    }
}

fn schedule(here: Matching, by: Party, asked: Terms, now: Timestamp) -> Result<Step, Refused> {
    if here.terms != Some(asked) {
        return Err(Refused::NotAgreed);
    }
    check_date(asked.date, now)?;
    let scheduled = here.into_state(State::Scheduled, now);
    let step = Step {
        bookings: Bookings::Book(asked),
        ..Step::to(scheduled)
    };
    Ok(step
        .tells(by.other(), Topic::Scheduled)
        .tells(by, Topic::Scheduled))
}

/// Told twice of the payment that counts, it changes nothing. Any other money goes back.
fn settle(here: Matching, payment: PaymentId, amount: u64, now: Timestamp) -> Step {
    match here.state {
        _ if here.payment == Some(payment) => Step::to(here),
        // The sweep is late, and so is the money.
        State::Scheduled if has_begun(&here, now) => Step {
            // It was paid, so there is none that is open.
            checkout: Checkout::Unchanged,
            ..nothing_comes_of(here, State::Cancelled, amount, now)
        },
        State::Scheduled => {
            // What is proposed stands: the date can still be moved.
            let paid = Matching {
                paid: amount,
                payment: Some(payment),
                proposal: here.proposal,
                reminded_at: now,
                ..here.into_state(State::Paid, now)
            };
            Step::to(paid).tells_both(Topic::Paid)
        }
        _ => not_for_it(&here, amount),
    }
}

/// Money has come that does not pay for the matching: it changes nothing, and all of it goes back.
pub fn not_for_it(here: &Matching, amount: u64) -> Step {
    Step {
        refund: amount,
        ..Step::to(*here).tells(Party::Listener, Topic::Refunded)
    }
}

/// One mail, of however many reminders; none of what has begun.
fn remind(here: Matching, now: Timestamp) -> Step {
    let reminded = Step::to(Matching {
        reminded_at: now,
        ..here
    });
    match has_begun(&here, now) {
        true => reminded,
        false => reminded.tells_both(Topic::Reminder),
    }
}

fn end(here: Matching, there: Presence, now: Timestamp) -> Step {
    match there.speaker {
        // Who only stays away has had what was bought.
        true => Step::to(here.into_state(State::Done, now)).tells_both(Topic::Ended),
        false => Step {
            refund: here.paid,
            ..Step::to(here.into_state(State::Refunded, now)).tells_both(Topic::Refunded)
        },
    }
}

/// The end of it: both calendars are free, the Checkout ends, and `back` yen go back.
fn nothing_comes_of(here: Matching, state: State, back: u64, now: Timestamp) -> Step {
    let booked = here.terms.filter(|_| here.state.is_booked());
    let about = match state {
        State::Refunded => Topic::Refunded,
        _ => Topic::Cancelled,
    };
    Step {
        bookings: booked.map_or(Bookings::Unchanged, Bookings::Free),
        checkout: match here.state {
            State::Scheduled => Checkout::Expire,
            _ => Checkout::Unchanged,
        },
        refund: back,
        ..Step::to(here.into_state(state, now)).tells_both(about)
    }
}

fn has_begun(here: &Matching, now: Timestamp) -> bool {
    here.terms.is_some_and(|terms| terms.date <= now)
}

fn is_over(here: &Matching, now: Timestamp) -> bool {
    here.terms.is_some_and(|terms| ends(terms) <= now)
}
