//! All that follows from a step, in one transaction.

use enishi_shared::{
    App, Error, Result,
    accounts::{self, Account},
    conversation::{Conversation, Expiry, expire},
    events::{MailRequested, Recipient, announce},
    frontend::FrontendUrl,
    payments::{self, Payment},
    store::{Change, Condition, Outcome, Part, Table, Transaction, when},
};
use jiff::SignedDuration;

use crate::{
    busy, chat,
    events::RefundOwed,
    letters::{Sums, letter},
    matching::{MatchingId, Record, StoredMatching, matching_key, open_key, step_key},
    notice::{Notice, notice_key},
    profile::{Profile, profile_key, profile_missing},
    state::{Action, Actor, Bookings, Mail, Party, State, Step, Topic},
};

/// How long the messages of a matching are there after the last one while it has no meeting.
pub const IDLE: Expiry = Expiry::Idle(SignedDuration::from_hours(30 * 24));
/// How long they are there after the meeting.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The condition that somebody may meet others.
pub fn may_meet() -> Condition {
    when()
        .eq("is_authenticated", true)
        .eq("is_suspended", false)
}

/// What is being done.
pub struct Doing {
    /// Who does it.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// What becomes of the matching.
    pub step: Step,
}

/// What was not there at an earlier attempt. What is not there needs no change, and must not be made by
/// one.
#[derive(Default)]
pub struct Gone {
    profiles: Vec<Party>,
    accounts: Vec<Party>,
    chat: bool,
}

/// One attempt at a step and all that follows from it; `None` where it is to be judged anew.
///
/// # Errors
/// As [`act`](super::act).
pub async fn commit(
    app: &App,
    table: &Table,
    before: &StoredMatching,
    doing: &Doing,
    gone: &mut Gone,
) -> Result<Option<StoredMatching>> {
    let Doing {
        actor,
        action,
        step,
    } = doing;
    let id = before.matching_id;
    let is_over = step.matching.state.is_final();
    let receipt_url = receipt(app, before, step).await?;
    let mut after = StoredMatching {
        matching: step.matching,
        version: before.version + 1,
        message: before.message.clone().filter(|_| !is_over),
        ..before.clone()
    };

    let owed = after.note_payments(*action, step.refund, app.now())?;

    let mut tx = Transaction::new(app);
    let record = Record {
        state: step.matching.state,
        at: app.now(),
        actor: *actor,
        action: Some(*action),
        refund: step.refund,
    };
    let changed = put(&mut tx, table, before, &after, &record)?;
    if let Some(payment_id) = owed {
        let owed = RefundOwed {
            payer: after.listener.into(),
            payment_id,
            matching_id: id,
            amount: step.refund,
        };
        announce(&mut tx, table, owed)?;
    }
    let cells = busy::change(&mut tx, table, &after, step.bookings)?;
    let chat = keep_messages(&mut tx, id, step.bookings, gone)?;
    let mut people = Vec::new();
    for party in Party::ALL {
        if is_over {
            tx.delete(table, open_key(after.user(party), id));
        }
        people.push((
            party,
            change_profile(&mut tx, table, before, doing, party, gone),
            change_account(&mut tx, (before, &after), party, gone)?,
        ));
    }
    let sums = Sums {
        back: step.refund,
        receipt_url: receipt_url.as_deref(),
    };
    let told = step.mails.iter();
    for mail in told.filter(|mail| !gone.profiles.contains(&mail.to)) {
        tell(&mut tx, table, &after, *mail, step.bookings, sums)?;
    }
    let refused = match tx.commit().await? {
        Outcome::Done => return Ok(Some(after)),
        Outcome::Refused(refused) => refused,
    };
    if refused.is(changed) {
        return Ok(None);
    }
    let is_own = |party| *actor == Actor::Party(party);
    for (party, profile, account) in people {
        if let Some(profile) = profile.filter(|profile| refused.is(*profile)) {
            let is_there = refused.item(profile)?.is_some();
            match (is_own(party), asks_for_verified(before, *action)) {
                (true, _) if !is_there => return Err(profile_missing()),
                (true, true) => return Err(Error::forbidden()),
                (false, true) => {
                    return Err(Error::conflict("the other one does not meet anybody now"));
                }
                _ => gone.profiles.push(party),
            }
        }
        if account.is_some_and(|account| refused.is(account)) {
            match (step.bookings, is_own(party)) {
                (Bookings::Book(_), true) => return Err(Error::token_invalid()),
                (Bookings::Book(_), false) => {
                    return Err(Error::conflict("the other one does not meet anybody now"));
                }
                _ => gone.accounts.push(party),
            }
        }
    }
    if cells.into_iter().any(|cell| refused.is(cell)) {
        return Err(Error::conflict("this time is taken"));
    }
    gone.chat |= chat.is_some_and(|chat| refused.is(chat));
    Ok(None)
}

/// Puts a matching as it is after a step, and the record of that. The part is refused where somebody was
/// faster.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn put(
    tx: &mut Transaction,
    table: &Table,
    before: &StoredMatching,
    after: &StoredMatching,
    record: &Record,
) -> Result<Part<StoredMatching>> {
    let id = after.matching_id;
    let as_judged = when().eq("version", before.version);
    let changed = tx.replace(table, matching_key(id), &after.row(), as_judged)?;
    tx.put(table, step_key(id, after.version), record)?;
    Ok(changed.of())
}

/// Where Stripe's receipt is, for who is sent one, if it is known. One request then.
async fn receipt(app: &App, stored: &StoredMatching, step: &Step) -> Result<Option<String>> {
    let mut mails = step.mails.iter();
    match stored.matching.payment {
        Some(payment_id) if mails.any(|mail| mail.about == Topic::Ended) => {
            let place = stored.payment_ref(payment_id).key();
            let payment = payments::table(app)?.get::<Payment>(&place).await?;
            Ok(payment.and_then(|payment| payment.stripe.receipt_url))
        }
        _ => Ok(None),
    }
}

/// Whether both have to be verified: while they agree on something new and when they book it, not later.
fn asks_for_verified(before: &StoredMatching, action: Action) -> bool {
    let is_agreeing = matches!(action, Action::Accept { .. } | Action::Schedule(_));
    is_agreeing && !before.matching.state.is_booked()
}

/// The messages go with the appointment.
fn keep_messages(
    tx: &mut Transaction,
    id: MatchingId,
    bookings: Bookings,
    gone: &Gone,
) -> Result<Option<Part<Conversation<MatchingId>>>> {
    let expiry = match bookings {
        _ if gone.chat => return Ok(None),
        Bookings::Unchanged => return Ok(None),
        Bookings::Book(terms) | Bookings::Move { to: terms, .. } => {
            Expiry::At(terms.end() + AFTERWARDS)
        }
        Bookings::Free(_) => IDLE,
    };
    let chats = chat::chats(tx.app())?;
    let change = expire(expiry, tx.app().now());
    Ok(Some(tx.update(chats.table(), chats.key(id), change).of()))
}

/// What a step makes of a profile, in one part: DynamoDB takes no more of one item.
fn change_profile(
    tx: &mut Transaction,
    table: &Table,
    before: &StoredMatching,
    doing: &Doing,
    party: Party,
    gone: &Gone,
) -> Option<Part<Profile>> {
    if gone.profiles.contains(&party) {
        return None;
    }
    let is_asked = asks_for_verified(before, doing.action);
    let condition = match is_asked {
        true => may_meet(),
        false => when().exists("pk"),
    };
    let was_open = before.matching.state == State::Requested;
    let is_answered = was_open && doing.step.matching.state != State::Requested;
    let is_mine = party == Party::Listener;
    let notices = doing.step.mails.iter().filter(|mail| mail.to == party);
    let place = profile_key(before.user(party));
    match (notices.count(), is_answered && is_mine) {
        (0, false) if is_asked => Some(tx.check(table, place, condition).of()),
        (0, false) => None,
        (notices, is_answered) => {
            let change = Change::new()
                .add("notifications", i64::try_from(notices).unwrap_or_default())
                .add("open_requests", -i64::from(is_answered))
                .when(condition);
            Some(tx.update(table, place, change).of())
        }
    }
}

/// An appointment forbids closing the account, until it has taken place or come to nothing.
fn change_account(
    tx: &mut Transaction,
    (before, after): (&StoredMatching, &StoredMatching),
    party: Party,
    gone: &Gone,
) -> Result<Option<Part<Account>>> {
    let user_id = after.user(party);
    let hold = format!("appointment {}", after.matching_id);
    match (
        before.matching.state.is_booked(),
        after.matching.state.is_booked(),
    ) {
        _ if gone.accounts.contains(&party) => Ok(None),
        (false, true) => accounts::hold(tx, user_id, &hold).map(Some),
        (true, false) => Ok(Some(accounts::release(tx, user_id, &hold)?.of())),
        _ => Ok(None),
    }
}

/// A notice, which is counted in the profile, and the letter that goes with it.
fn tell(
    tx: &mut Transaction,
    table: &Table,
    stored: &StoredMatching,
    mail: Mail,
    bookings: Bookings,
    sums: Sums<'_>,
) -> Result<()> {
    let app = tx.app();
    let user_id = stored.user(mail.to);
    let notice = Notice {
        notice_id: app.new_id(),
        topic: mail.about,
        matching_id: stored.matching_id,
        at: app.now(),
        is_read: false,
        ttl: None,
    };
    // What was cancelled has no page.
    let frontend = match mail.about {
        Topic::Scheduled | Topic::Moved | Topic::Paid | Topic::Reminder => {
            Some(app.config::<FrontendUrl>()?)
        }
        _ => None,
    };
    let frontend = frontend.as_ref().map(|url| url.0.as_str());
    let letter = letter(mail, stored, bookings, sums, frontend);
    tx.create(table, notice_key(user_id, notice.notice_id), &notice)?;
    let to = Recipient::UserId(user_id);
    announce(tx, table, MailRequested { to, letter })
}

/// [`tell`], of a new matching.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn tell_of_request(tx: &mut Transaction, table: &Table, stored: &StoredMatching) -> Result<()> {
    let mail = Mail {
        to: Party::Speaker,
        about: Topic::Requested,
    };
    tell(
        tx,
        table,
        stored,
        mail,
        Bookings::Unchanged,
        Sums::default(),
    )
}
