//! A step of a matching: judged by [`state::step`](crate::state::step), then all that follows from it in
//! one transaction, under the version that it was judged at. Whoever was slower judges anew.
//!
//! A Checkout that is to end does so first: one that is found paid settles the matching, and what was to
//! be done is judged anew.

mod commit;

use enishi_shared::{
    App, Error, FieldCode, Result, UserId,
    error::FieldError,
    payments,
    store::{Race, Table},
};
use jiff::Timestamp;

use crate::{
    matching::{MatchingId, Record, StoredMatching, find, matching_key, step_key},
    profile,
    state::{Action, Actor, Checkout, Party, Refused, Step, not_for_it, step},
};
use commit::{Doing, Gone, commit};
pub use commit::{IDLE, may_meet, put, tell_of_request};

/// Does what a party wants, and answers the matching as it is then, and which of the two they are.
///
/// What was done does not have to be done again: where it was the last thing that happened to the
/// matching, and the same party did it in the same words, the answer is how it stands. So it is for a
/// proposal that stands already.
///
/// 2 requests: the matching, and the step. Where it is refused: the matching, and its last step. Where a
/// Checkout is to end first, 2 more, and as many to Stripe; 4 where that is found paid.
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
                if let Some(after) = take(app, &table, &before, doing, &mut gone).await? {
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

/// Does what the clock, the house or the payments have to do with a matching, if there is something. 2
/// requests, 1 where there is nothing; more where a Checkout is to end first, as [`act`].
///
/// # Errors
/// `not_found` where money comes for a matching, or by a payment, that there is none of;
/// `service_unavailable` when somebody does not answer.
pub async fn follow(app: &App, id: MatchingId, actor: Actor, action: Action) -> Result<()> {
    let table = profile::table(app)?;
    let mut race = Race::new(app);
    let mut gone = Gone::default();
    loop {
        let before = table.get::<StoredMatching>(&matching_key(id)).await?;
        let step = match (&before, action) {
            (Some(before), Action::Settle { .. }) => settled(before, action, app.now())?,
            (None, Action::Settle { .. }) => return Err(Error::not_found("matching")),
            (Some(before), _) => step(&before.matching, actor, action, app.now()).ok(),
            (None, _) => None,
        };
        let (Some(before), Some(step)) = (before, step) else {
            return Ok(());
        };
        if step == Step::to(before.matching) {
            return Ok(());
        }
        let doing = Doing {
            actor,
            action,
            step,
        };
        if take(app, &table, &before, doing, &mut gone)
            .await?
            .is_some()
        {
            return Ok(());
        }
        race.lost().await?;
    }
}

/// What becomes of a matching when one of its payments settles; none where that was noted before.
fn settled(before: &StoredMatching, action: Action, now: Timestamp) -> Result<Option<Step>> {
    let Action::Settle { payment, amount } = action else {
        return Ok(None);
    };
    let begun = before.begun(payment);
    let begun = begun.ok_or_else(|| Error::not_found("payment"))?;
    if begun.settled_at.is_some() {
        return Ok(None);
    }
    let here = &before.matching;
    Ok(match here.terms {
        // The length was changed, and what was paid is not what it costs.
        Some(terms) if terms.minutes != begun.minutes => Some(not_for_it(here, amount)),
        _ => step(here, Actor::Payments, action, now).ok(),
    })
}

/// One attempt at a step; `None` where it is to be judged anew.
async fn take(
    app: &App,
    table: &Table,
    before: &StoredMatching,
    doing: Doing,
    gone: &mut Gone,
) -> Result<Option<StoredMatching>> {
    if doing.step.checkout == Checkout::Expire
        && let Some(action) = end_checkout(app, before).await?
        && let Some(step) = settled(before, action, app.now())?
    {
        let doing = Doing {
            actor: Actor::Payments,
            action,
            step,
        };
        commit(app, table, before, &doing, gone).await?;
        return Ok(None);
    }
    commit(app, table, before, &doing, gone).await
}

/// Expires a matching's Checkout, if one can be open; answers its settlement where it is found paid. 2
/// requests to DynamoDB and 2 to Stripe, 1 and none where it has ended before.
async fn end_checkout(app: &App, before: &StoredMatching) -> Result<Option<Action>> {
    let Some(open) = before.unsettled() else {
        return Ok(None);
    };
    let payment = payments::expire(app, before.payment_ref(open.payment_id)).await?;
    Ok(payment.state.is_paid().then(|| open.settles()))
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
