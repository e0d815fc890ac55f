//! What the passing of time does to an order.

use enishi_shared::UserId;
use jiff::Timestamp;

use super::{
    Actor, Parcel, ParcelState, SENT, Sale, Step, To, Topic, Transfer, UNSENT,
    transitions::{told_back, transfer},
};

/// All that is due, of every parcel. A reminder of what is due to be paid back is none.
pub(super) fn tick(here: Step, now: Timestamp) -> Step {
    if here.order.due().is_none_or(|due| due > now) {
        return here;
    }
    let makers: Vec<UserId> = here
        .order
        .parcels
        .iter()
        .map(|parcel| parcel.maker_id)
        .collect();
    let is_retried = here.order.retry_due().is_some_and(|due| due <= now);
    let mut ticked = makers
        .into_iter()
        .fold(here, |step, maker| tick_parcel(step, maker, now));
    for parcel in &mut ticked.order.parcels {
        if is_retried && parcel.transfer == Transfer::Waiting {
            parcel.transfer = Transfer::Asked;
        }
    }
    match ticked.order.is_asked() {
        true => ticked.pays_out(now),
        false => ticked,
    }
}

fn tick_parcel(here: Step, maker_id: UserId, now: Timestamp) -> Step {
    let order = &here.order;
    let parcel = order.parcel(maker_id).filter(|_| order.sale == Sale::Sold);
    let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let Some(parcel) = parcel
        .filter(|parcel| is_due(order.due_of(parcel)))
        .cloned()
    else {
        return here;
    };
    match parcel.state {
        ParcelState::Waiting if parcel.payable_since + UNSENT <= now => {
            told_back(here, Actor::Clock, maker_id, now)
        }
        ParcelState::Waiting => {
            let reminded = here.with(Parcel {
                reminded: true,
                ..parcel
            });
            reminded.tells(To::Maker, Topic::Reminder, &[maker_id])
        }
        state => {
            let is_transfer_due = is_due(order.transfer_due(&parcel));
            let sent = parcel.shipment.as_ref().map(|shipment| shipment.at);
            let state = match is_due(sent.map(|sent| sent + SENT)) {
                true => ParcelState::Complete,
                false => state,
            };
            let parcel = Parcel { state, ..parcel };
            match is_transfer_due {
                true => transfer(here, parcel, now),
                false => here.with(parcel),
            }
        }
    }
}
