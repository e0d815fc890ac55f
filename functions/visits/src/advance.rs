//! A step of a matching, as it is committed: judged by [`state::step`](crate::state::step), then all
//! that follows from it in one transaction, under the version that it was judged at. Whoever was slower
//! judges anew.

use enishi_shared::{
    App, Error, FieldCode, Result, UserId,
    accounts::{self, Account},
    conversation::{Conversation, Expiry, expire},
    error::FieldError,
    events::{MailRequested, Recipient, announce},
    frontend::FrontendUrl,
    store::{Change, Condition, Outcome, Part, Race, Table, Transaction, when},
};
use jiff::SignedDuration;

use crate::{
    busy, chat,
    letters::letter,
    matching::{MatchingId, Record, StoredMatching, find, matching_key, open_key, step_key},
    notice::{Notice, notice_key},
    profile::{self, Profile, profile_key, profile_missing},
    state::{Action, Actor, Bookings, Mail, Party, Refused, State, Step, Topic, step},
};

/// How long the messages of a matching are there after the last one while it has no meeting.
pub const IDLE: Expiry = Expiry::Idle(SignedDuration::from_hours(30 * 24));
/// How long they are there after the meeting.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Does what a party wants, and answers the matching as it is then, and which of the two they are.
///
/// What was done does not have to be done again: where it was the last thing that happened to the
/// matching, and the same party did it in the same words, the answer is how it stands. So it is for a
/// proposal that stands already.
///
/// 2 requests: the matching, and the step. Where it is refused: the matching, and its last step.
///
/// # Errors
/// `not_found` for a stranger; `conflict` naming the state, for another time than was agreed, for time
/// that is taken, and when the other is not verified any more; `invalid_parameter` for a date or a length;
/// `forbidden` when one is not verified.
pub async fn act(
    app: &App,
    me: UserId,
    id: MatchingId,
    action: Action,
) -> Result<(StoredMatching, Party)> {
    let table = profile::table(app)?;
    let mut race = Race::new(app);
    let mut gone = Gone::default();
    loop {
        let (before, party) = find(&table, me, id).await?;
        let actor = Actor::Party(party);
        match step(&before.matching, actor, action, app.now()) {
            Ok(step) if is_known(&before, &step) => return Ok((before, party)),
            Ok(step) => {
                let doing = Doing {
                    actor,
                    action,
                    step,
                };
                if let Some(after) = commit(app, &table, &before, &doing, &mut gone).await? {
                    return Ok((after, party));
                }
            }
            Err(Refused::State(_)) if was_done(app, &table, &before, actor, action).await? => {
                return Ok((before, party));
            }
            Err(refused) => return Err(refusal(refused)),
        }
        race.lost().await?;
    }
}

/// Does what the clock or the house has to do with a matching, if there is something. 2 requests, 1
/// where there is nothing.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn follow(app: &App, id: MatchingId, actor: Actor, action: Action) -> Result<()> {
    let table = profile::table(app)?;
    let mut race = Race::new(app);
    let mut gone = Gone::default();
    loop {
        let before = table.get::<StoredMatching>(&matching_key(id)).await?;
        let judged = before.and_then(|before| {
            let step = step(&before.matching, actor, action, app.now()).ok()?;
            (step != Step::to(before.matching)).then_some((before, step))
        });
        let Some((before, step)) = judged else {
            return Ok(());
        };
        let doing = Doing {
            actor,
            action,
            step,
        };
        if commit(app, &table, &before, &doing, &mut gone)
            .await?
            .is_some()
        {
            return Ok(());
        }
        race.lost().await?;
    }
}

/// Whether a step changes nothing but when it was made: what is proposed stands already.
fn is_known(before: &StoredMatching, step: &Step) -> bool {
    let (here, there) = (&before.matching, &step.matching);
    (here.state, here.terms, here.proposal) == (there.state, there.terms, there.proposal)
}

/// Whether the last that happened to a matching is this. One request.
async fn was_done(
    app: &App,
    table: &Table,
    stored: &StoredMatching,
    actor: Actor,
    action: Action,
) -> Result<bool> {
    if stored.matching.seen(app.now()) != stored.matching.state {
        return Ok(false);
    }
    let place = step_key(stored.matching_id, stored.version);
    let last = table.get::<Record>(&place).await?;
    Ok(last.is_some_and(|last| last.actor == actor && last.action == Some(action)))
}

/// A refusal as the caller is told of it.
pub fn refusal(refused: Refused) -> Error {
    let wrong = |field: &str, rule: &'static str| {
        Error::invalid_fields(vec![FieldError {
            field: field.to_owned(),
            code: FieldCode::Invalid,
            rule: Some(rule.into()),
        }])
    };
    match refused {
        Refused::State(state) => Error::conflict(format!("the matching is {}", state.text())),
        Refused::NotAgreed => Error::conflict("this is not what was agreed"),
        Refused::TooLateToPay => Error::conflict("it is too late to pay"),
        Refused::Date => wrong("date", "3 hours to 60 days ahead, on a quarter of an hour"),
        Refused::NoDate => Error::missing("date"),
        Refused::Length => wrong("meeting_length", "15 to 120 minutes in steps of 15"),
    }
}

/// The condition that somebody may meet others.
pub fn may_meet() -> Condition {
    when()
        .eq("is_authenticated", true)
        .eq("is_suspended", false)
}

/// What is being done.
struct Doing {
    actor: Actor,
    action: Action,
    step: Step,
}

/// What was not there at an earlier attempt. What is not there needs no change, and must not be made by
/// one.
#[derive(Default)]
struct Gone {
    profiles: Vec<Party>,
    accounts: Vec<Party>,
    chat: bool,
}

/// One attempt at a step and all that follows from it; `None` where it is to be judged anew.
async fn commit(
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
    let after = StoredMatching {
        matching: step.matching,
        version: before.version + 1,
        message: before.message.clone().filter(|_| !is_over),
        ..before.clone()
    };

    let mut tx = Transaction::new(app);
    let as_judged = when().eq("version", before.version);
    let changed = tx.replace(table, matching_key(id), &after.row(), as_judged)?;
    let record = Record {
        state: step.matching.state,
        at: app.now(),
        actor: *actor,
        action: Some(*action),
        refund: step.refund,
    };
    tx.put(table, step_key(id, after.version), &record)?;
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
    let told = step.mails.iter();
    for mail in told.filter(|mail| !gone.profiles.contains(&mail.to)) {
        tell(&mut tx, table, &after, *mail, step.bookings)?;
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
        Topic::Scheduled | Topic::Moved | Topic::Paid => Some(app.config::<FrontendUrl>()?),
        _ => None,
    };
    let frontend = frontend.as_ref().map(|url| url.0.as_str());
    let letter = letter(mail.about, mail.to, stored, bookings, frontend);
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
    tell(tx, table, stored, mail, Bookings::Unchanged)
}
