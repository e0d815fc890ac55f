//! All that follows from a step of an order, in one transaction.
//!
//! Of an order of 30 makers it has at most 97 parts when it is sold (what is common, and three a maker), and 94
//! when all of it is cancelled then (two a line, one a maker).

use std::collections::BTreeSet;

use enishi_shared::{
    App, Result, UserId,
    accounts::{self, Account},
    audit::audit_key,
    events::{MailRequested, Recipient, announce},
    frontend::FrontendUrl,
    reserve::{Next, Reserve, Taken, Taking},
    store::{Outcome, Part, Table, Transaction, when},
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Contents, OrderId, Record, StoredOrder, customer_hold, maker_hold, order_key, purchases,
    sale_key,
    state::{Action, Actor, Sale, Step, Stock, To},
    step_key,
};
use crate::{
    cart::{Cart, cart_key},
    events::PayoutOwed,
    item, letters, trouble, waits,
};

/// What is being done.
pub struct Doing {
    /// Who does it.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// What becomes of the order.
    pub step: Step,
    /// Which operator does it, if one does: that is written down.
    pub operator: Option<UserId>,
}

/// Accounts that were not there at an earlier attempt: they need no hold, and must not be made by one.
#[derive(Default)]
pub struct Gone {
    customer: bool,
    /// Of makers.
    pub makers: BTreeSet<UserId>,
}

/// That an operator has done something with an order.
#[derive(Serialize)]
struct Audit<'a> {
    operator_id: UserId,
    order_id: OrderId,
    action: &'a Action,
    at: Timestamp,
}

/// What became of an attempt.
pub enum Committed {
    /// It is so now.
    Done(Box<StoredOrder>),
    /// It is to be judged anew.
    Again,
    /// The stock that was to be taken again is not there.
    Short,
}

/// One attempt at a step and all that follows from it. One request; where lines leave the cart, one more; where
/// stock is taken again that lies in several places, two more.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn commit(
    app: &App,
    table: &Table,
    (before, contents): (&StoredOrder, &Contents),
    doing: &Doing,
    gone: &mut Gone,
) -> Result<Committed> {
    let step = &doing.step;
    let cart = match step.leaves_cart {
        true => Some(Cart::read(table, before.user_id).await?),
        false => None,
    };
    let lines = contents.lines.iter();
    let stocks = lines.map(|line| item::stock(app, table, line.item_id));
    let stocks: Vec<Reserve> = stocks.collect::<Result<_>>()?;
    let mut takings: Vec<Taking<'_>> = match step.stock {
        Stock::Retake => (stocks.iter().zip(&contents.lines))
            .map(|(stock, line)| stock.taking(line.quantity))
            .collect(),
        _ => Vec::new(),
    };
    loop {
        let mut tx = Transaction::new(app);
        let mut after = StoredOrder {
            order: step.order.clone(),
            version: before.version + 1,
            ..before.clone()
        };
        after.taken = match &step.stock {
            Stock::Retake => (takings.iter_mut())
                .map(|taking| taking.take(&mut tx))
                .collect(),
            stock => free(&mut tx, stock, before, contents, &stocks),
        };
        let changed = put(&mut tx, table, before, &after, doing)?;
        purchases::follow(&mut tx, table, before, &after);
        let cart = match &cart {
            Some(cart) => take_from_cart(&mut tx, table, before.user_id, cart, contents)?,
            None => None,
        };
        let customer = hold_customer(&mut tx, before, &after, gone)?;
        let makers = hold_makers(&mut tx, before, &after, gone)?;
        trouble::follow(&mut tx, table, (before, &after), &doing.action)?;
        waits::follow(&mut tx, table, before, &after)?;
        if after.order.sale == Sale::Sold && before.order.sale != Sale::Sold {
            for parcel in &after.order.parcels {
                let place = sale_key(parcel.maker_id, after.order_id);
                tx.put(table, place, &after.listed())?;
            }
        }
        if step.pays_out {
            let order_id = after.order_id;
            announce(&mut tx, table, PayoutOwed { order_id })?;
        }
        tell(&mut tx, table, (&after, contents), doing)?;
        let refused = match tx.commit().await? {
            Outcome::Done => return Ok(Committed::Done(Box::new(after))),
            Outcome::Refused(refused) => refused,
        };
        gone.customer |= customer.is_some_and(|customer| refused.is(customer));
        let missing = makers.iter().filter(|(_, account)| refused.is(*account));
        let missing: Vec<UserId> = missing.map(|(maker_id, _)| *maker_id).collect();
        gone.makers.extend(&missing);
        let is_cart = cart.is_some_and(|cart| refused.is(cart));
        if refused.is(changed) || is_cart || !missing.is_empty() || takings.is_empty() {
            return Ok(Committed::Again);
        }
        for taking in &mut takings {
            if let Next::Short { .. } = taking.after(&refused).await? {
                return Ok(Committed::Short);
            }
        }
    }
}

/// Puts an order as it is after a step, and the record of that. The part is refused where somebody was faster.
fn put(
    tx: &mut Transaction,
    table: &Table,
    before: &StoredOrder,
    after: &StoredOrder,
    doing: &Doing,
) -> Result<Part<StoredOrder>> {
    let record = Record {
        state: after.order.status(),
        at: tx.app().now(),
        actor: doing.actor,
        cause: doing.action.clone(),
        ttl: after.ttl,
    };
    let id = after.order_id;
    let as_judged = when().eq("version", before.version);
    let changed = tx.replace(table, order_key(id), &after.row(), as_judged)?;
    tx.put(table, step_key(id, after.version), &record)?;
    if let Some(operator_id) = doing.operator {
        let audit = Audit {
            operator_id,
            order_id: id,
            action: &doing.action,
            at: record.at,
        };
        let place = audit_key(record.at, tx.app().new_id());
        tx.put(table, place, &audit)?;
    }
    Ok(changed.of())
}

/// Gives back what is free again, and answers what is taken still.
fn free(
    tx: &mut Transaction,
    stock: &Stock,
    before: &StoredOrder,
    contents: &Contents,
    stocks: &[Reserve],
) -> Vec<Taken> {
    let is_free = |maker_id: &UserId| match stock {
        Stock::Free => true,
        Stock::FreeOf(makers) => makers.contains(maker_id),
        Stock::Unchanged | Stock::Retake => false,
    };
    let lines = contents.lines.iter().zip(stocks).zip(&before.taken);
    let taken = lines.map(|((line, stock), taken)| match is_free(&line.maker_id) {
        true => {
            stock.give_back(tx, taken);
            Taken::default()
        }
        false => taken.clone(),
    });
    taken.collect()
}

/// Takes the lines of an order out of the cart, as far as they are there still; none where they are not.
fn take_from_cart(
    tx: &mut Transaction,
    table: &Table,
    user_id: UserId,
    before: &Cart,
    contents: &Contents,
) -> Result<Option<Part<Cart>>> {
    let mut cart = before.clone();
    for bought in &contents.lines {
        for line in &mut cart.lines {
            if line.item_id == bought.item_id {
                line.quantity = line.quantity.saturating_sub(bought.quantity);
            }
        }
    }
    cart.lines.retain(|line| line.quantity > 0);
    if cart == *before {
        return Ok(None);
    }
    cart.version += 1;
    let part = tx.replace(table, cart_key(user_id), &cart, before.as_read())?;
    Ok(Some(part))
}

fn hold_customer(
    tx: &mut Transaction,
    before: &StoredOrder,
    after: &StoredOrder,
    gone: &Gone,
) -> Result<Option<Part<Account>>> {
    let hold = customer_hold(after.order_id);
    match (before.order.holds_customer(), after.order.holds_customer()) {
        _ if gone.customer => Ok(None),
        (false, true) => accounts::hold(tx, after.user_id, &hold).map(Some),
        (true, false) => Ok(Some(accounts::release(tx, after.user_id, &hold)?.of())),
        _ => Ok(None),
    }
}

fn hold_makers(
    tx: &mut Transaction,
    before: &StoredOrder,
    after: &StoredOrder,
    gone: &Gone,
) -> Result<Vec<(UserId, Part<Account>)>> {
    let hold = maker_hold(after.order_id);
    let mut parts = Vec::new();
    for parcel in &after.order.parcels {
        let maker_id = parcel.maker_id;
        let part = match (before.order.holds(maker_id), after.order.holds(maker_id)) {
            _ if gone.makers.contains(&maker_id) => continue,
            (false, true) => accounts::hold(tx, maker_id, &hold)?,
            (true, false) => accounts::release(tx, maker_id, &hold)?.of(),
            _ => continue,
        };
        parts.push((maker_id, part));
    }
    Ok(parts)
}

/// Who has left by then gets no letter.
fn tell(
    tx: &mut Transaction,
    table: &Table,
    (after, contents): (&StoredOrder, &Contents),
    doing: &Doing,
) -> Result<()> {
    if doing.step.mails.is_empty() {
        return Ok(());
    }
    let frontend = tx.app().config::<FrontendUrl>()?;
    for mail in &doing.step.mails {
        let letter = letters::letter(mail, after, contents, doing.actor, &frontend.0)?;
        let readers = match mail.to {
            To::Customer => vec![after.user_id],
            To::Maker => mail.makers.iter().copied().collect(),
        };
        for reader in readers {
            let to = Recipient::UserId(reader);
            let letter = letter.clone();
            announce(tx, table, MailRequested { to, letter })?;
        }
    }
    Ok(())
}
