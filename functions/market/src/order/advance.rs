//! A step of an order: judged by [`state::step`](super::state::step), then all that follows from it in one
//! transaction, under the version that it was judged at. Whoever was slower judges anew.
//!
//! A Checkout that is to end does so first: where that is found to be paid, or a slip to be out, the order
//! learns of it, and what was to be done is judged anew.

use std::collections::BTreeSet;

use enishi_shared::{
    App, Error, Result, UserId, payments,
    store::{Race, Table},
};

pub use super::commit::Gone;
use super::{
    Contents, OrderId, StoredOrder,
    commit::{Committed, Doing, commit},
    read,
    state::{Action, Actor, Refused, Sale, Step, step},
};
use crate::item;

/// Who wants something done with an order.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// Whoever bought it.
    Customer(UserId),
    /// A maker of something in it, once it is paid for.
    Maker(UserId),
    /// An operator.
    Operator(UserId),
}

impl Caller {
    /// Whoever it is, if that is an operator.
    fn operator(self) -> Option<UserId> {
        match self {
            Self::Operator(user_id) => Some(user_id),
            _ => None,
        }
    }

    fn actor(self) -> Actor {
        match self {
            Self::Customer(_) => Actor::Customer,
            Self::Maker(_) => Actor::Maker,
            Self::Operator(_) => Actor::Operator,
        }
    }

    /// Whether the order is theirs to see.
    fn sees(self, stored: &StoredOrder) -> bool {
        match self {
            Self::Customer(user_id) => stored.user_id == user_id,
            Self::Maker(maker_id) => {
                stored.order.sale == Sale::Sold && stored.order.parcel(maker_id).is_some()
            }
            Self::Operator(_) => true,
        }
    }
}

/// An order that somebody sees, and what was bought. One request.
///
/// # Errors
/// `not_found` where they do not see one.
pub async fn find(
    app: &App,
    table: &Table,
    caller: Caller,
    id: OrderId,
) -> Result<(StoredOrder, Contents)> {
    let found = read(app, table, id).await?;
    let seen = found.filter(|(stored, _)| caller.sees(stored));
    seen.ok_or_else(|| Error::not_found("transaction"))
}

/// Does what somebody wants, and answers the order as it is then, with what was bought. What was done does not
/// have to be done again.
///
/// 2 requests: the order with its contents, and the step; 1 where that was taken before. Where a Checkout is to
/// end first, 2 more, and as many to Stripe; where that is found paid, as many again.
///
/// # Errors
/// `not_found` for whoever does not see it; `conflict` naming how it stands.
pub async fn act(
    app: &App,
    caller: Caller,
    id: OrderId,
    action: Action,
) -> Result<(StoredOrder, Contents)> {
    let table = item::table(app)?;
    let mut race = Race::new(app);
    let mut gone = Gone::default();
    loop {
        let (before, contents) = find(app, &table, caller, id).await?;
        let actor = caller.actor();
        let step = step(&before.order, actor, &action, app.now()).map_err(refusal)?;
        if step == Step::to(before.order.clone()) {
            return Ok((before, contents));
        }
        let action = action.clone();
        let doing = Doing {
            actor,
            action,
            step,
            operator: caller.operator(),
        };
        let taken = take(app, &table, (&before, &contents), doing, &mut gone);
        if let Committed::Done(after) = taken.await? {
            return Ok((*after, contents));
        }
        race.lost().await?;
    }
}

/// Does what the clock, the house or the payments have to do with an order, if there is something. 2 requests,
/// 1 where there is nothing; 3 where lines leave the cart, and from 3 more where money comes for stock that was
/// given back.
///
/// # Errors
/// `not_found`; `service_unavailable` when somebody does not answer.
pub async fn follow(app: &App, id: OrderId, actor: Actor, action: Action) -> Result<()> {
    let table = item::table(app)?;
    let mut race = Race::new(app);
    let mut gone = Gone::default();
    let (mut actor, mut action) = (actor, action);
    loop {
        let found = read(app, &table, id).await?;
        let (before, contents) = found.ok_or_else(|| Error::not_found("transaction"))?;
        if before.order.sale == Sale::Late && action == Action::Tick {
            (actor, action) = (Actor::Payments, settled());
        }
        if let Action::Settle { gone: closed } = &mut action {
            closed.clone_from(&gone.makers);
        }
        let Ok(step) = step(&before.order, actor, &action, app.now()) else {
            return Ok(());
        };
        if step == Step::to(before.order.clone()) {
            return Ok(());
        }
        let doing = Doing {
            actor,
            action: action.clone(),
            step,
            operator: None,
        };
        match take(app, &table, (&before, &contents), doing, &mut gone).await? {
            // It is to be sold next.
            Committed::Done(after) if after.order.sale == Sale::Late => continue,
            Committed::Done(_) => return Ok(()),
            Committed::Again => {}
            Committed::Short => action = Action::Return,
        }
        race.lost().await?;
    }
}

/// That the money has come.
pub fn settled() -> Action {
    let gone = BTreeSet::new();
    Action::Settle { gone }
}

/// One attempt at a step.
async fn take(
    app: &App,
    table: &Table,
    (before, contents): (&StoredOrder, &Contents),
    doing: Doing,
    gone: &mut Gone,
) -> Result<Committed> {
    if doing.step.ends_checkout
        && let Some(action) = end_checkout(app, before).await?
        && let Ok(step) = step(&before.order, Actor::Payments, &action, app.now())
    {
        let doing = Doing {
            actor: Actor::Payments,
            action,
            step,
            operator: None,
        };
        commit(app, table, (before, contents), &doing, gone).await?;
        return Ok(Committed::Again);
    }
    commit(app, table, (before, contents), &doing, gone).await
}

/// Expires an order's Checkout; answers what has happened where that is too late. 2 requests to DynamoDB and 2
/// to Stripe, 1 and none where it has ended before.
async fn end_checkout(app: &App, before: &StoredOrder) -> Result<Option<Action>> {
    let payment = payments::expire(app, before.payment_ref()).await?;
    Ok(match payment.state {
        payments::State::Processing => Some(Action::Slip),
        state if state.is_paid() => Some(settled()),
        _ => None,
    })
}

/// A refusal as the caller is told of it.
pub fn refusal(refused: Refused) -> Error {
    match refused {
        Refused::Status(status) => Error::conflict(format!("the transaction is {}", status.text())),
        Refused::Slip => Error::conflict("a slip is out, and may be paid at any time"),
        Refused::Disputed => Error::conflict("a dispute stands"),
        Refused::NoParcel => Error::not_found("parcel"),
    }
}
