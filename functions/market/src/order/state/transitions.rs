//! [`step`], and what each action does.

use std::collections::BTreeSet;

use enishi_shared::UserId;
use jiff::Timestamp;

use super::{
    Action, Actor, Mail, Order, Parcel, ParcelState, Refund, Refused, Reversal, Sale, Shipment,
    Step, Stock, To, Topic, Transfer, clock::tick,
};

/// What becomes of `order` when `actor` does this now. What is done already changes nothing.
///
/// # Errors
/// Why nothing becomes of it.
pub fn step(order: &Order, actor: Actor, action: &Action, now: Timestamp) -> Result<Step, Refused> {
    let here = Step::to(order.clone());
    match (actor, action) {
        (Actor::Payments, Action::Slip) => Ok(slip(here, now)),
        (Actor::Payments, Action::Settle { gone }) => Ok(settle(here, gone, now)),
        (Actor::Payments, Action::Return) => Ok(give_back(here, now)),
        (Actor::Payments, Action::Expire | Action::Fail) => Ok(expire(here, now)),
        (Actor::Customer, Action::Cancel { maker_id }) => cancel(here, *maker_id, now),
        (Actor::Customer, Action::Replace | Action::Leave) => call_off(here, now),
        (
            Actor::Maker,
            Action::Ship {
                maker_id,
                ship_id,
                carrier,
            },
        ) => {
            let shipment = Shipment {
                ship_id: ship_id.clone(),
                carrier: carrier.clone(),
                at: now,
            };
            ship(here, *maker_id, shipment)
        }
        (Actor::Customer, Action::Receive { maker_id }) => receive(here, *maker_id, now),
        (Actor::Customer, Action::Report { maker_id, .. }) => report(here, *maker_id, now),
        (Actor::Operator, Action::Dismiss { maker_id, .. }) => {
            let parcel = here.paid(*maker_id)?;
            Ok(here.with(Parcel {
                reported_at: None,
                ..parcel
            }))
        }
        (
            Actor::Maker | Actor::Operator | Actor::House,
            Action::Refund {
                maker_id: Some(maker_id),
                ..
            },
        ) => refund(here, actor, *maker_id, now),
        (Actor::Operator, Action::Refund { maker_id: None, .. }) => match here.order.late {
            _ if here.order.is_frozen() => Err(Refused::Disputed),
            Refund::Failed => Ok(here.late(Refund::Asked, now)),
            _ => Err(here.no()),
        },
        (Actor::Clock, Action::Tick) => Ok(tick(here, now)),
        (Actor::House, Action::Resume { maker_id }) => {
            let parcel = here.movable(*maker_id)?;
            Ok(match parcel.transfer {
                Transfer::Waiting => here.asks(
                    Parcel {
                        transfer: Transfer::Asked,
                        ..parcel
                    },
                    now,
                ),
                _ => here,
            })
        }
        (Actor::Payments, Action::Dispute { disputes }) => here.disputed(*disputes, now),
        (Actor::Payments, _) => moved(here, action),
        _ => Err(here.no()),
    }
}

impl Step {
    /// To this, with nothing that follows.
    pub fn to(order: Order) -> Self {
        Self {
            order,
            stock: Stock::Unchanged,
            leaves_cart: false,
            ends_checkout: false,
            pays_out: false,
            mails: Vec::new(),
        }
    }

    /// That it is not for this actor, or not now.
    pub(super) fn no(&self) -> Refused {
        Refused::Status(self.order.status())
    }

    /// A parcel of an order that is paid for.
    fn paid(&self, maker_id: UserId) -> Result<Parcel, Refused> {
        let parcel = self.order.parcel(maker_id).ok_or(Refused::NoParcel)?;
        match self.order.sale {
            Sale::Sold => Ok(parcel.clone()),
            _ => Err(self.no()),
        }
    }

    /// [`Self::paid`], while no dispute stands.
    fn movable(&self, maker_id: UserId) -> Result<Parcel, Refused> {
        match self.order.is_frozen() {
            true => Err(Refused::Disputed),
            false => self.paid(maker_id),
        }
    }

    /// With a parcel as it is now.
    pub(super) fn with(mut self, parcel: Parcel) -> Self {
        let mut parcels = self.order.parcels.iter_mut();
        if let Some(place) = parcels.find(|place| place.maker_id == parcel.maker_id) {
            *place = parcel;
        }
        self
    }

    /// With a parcel as it is now, of which money is to move.
    fn asks(self, parcel: Parcel, now: Timestamp) -> Self {
        self.with(parcel).pays_out(now)
    }

    pub(super) fn pays_out(mut self, now: Timestamp) -> Self {
        self.order.asked_at = Some(now);
        self.pays_out = true;
        self
    }

    fn sale(mut self, sale: Sale, now: Timestamp) -> Self {
        self.order.sale = sale;
        self.order.since = now;
        self
    }

    fn late(mut self, refund: Refund, now: Timestamp) -> Self {
        self.order.late = refund;
        match refund {
            Refund::Asked => self.pays_out(now),
            _ => self,
        }
    }

    pub(super) fn tells(mut self, to: To, about: Topic, makers: &[UserId]) -> Self {
        self.mails.push(Mail {
            to,
            about,
            makers: makers.iter().copied().collect(),
        });
        self
    }

    /// Tells each of these makers by themselves.
    pub(super) fn tells_makers(self, about: Topic, makers: &[UserId]) -> Self {
        let told = makers.iter();
        told.fold(self, |step, maker| step.tells(To::Maker, about, &[*maker]))
    }
}

fn slip(here: Step, now: Timestamp) -> Step {
    match here.order.sale {
        Sale::Open => Step {
            leaves_cart: true,
            ..here.sale(Sale::Slip, now)
        },
        _ => here,
    }
}

/// Told twice it changes nothing. Whatever is not waiting for the money, and cannot be had again, gives all
/// of it back.
fn settle(here: Step, gone: &BTreeSet<UserId>, now: Timestamp) -> Step {
    match here.order.sale {
        Sale::Sold => here,
        _ if here.order.late != Refund::None => here,
        Sale::Open | Sale::Slip | Sale::Late => sell(here, gone, now),
        Sale::Expired => Step {
            stock: Stock::Retake,
            ..here.sale(Sale::Late, now)
        },
        Sale::Cancelled => give_back(here, now),
    }
}

fn sell(here: Step, gone: &BTreeSet<UserId>, now: Timestamp) -> Step {
    let leaves_cart = here.order.sale != Sale::Slip;
    let mut sold = Step {
        leaves_cart,
        ..here.sale(Sale::Sold, now)
    };
    for parcel in &mut sold.order.parcels {
        parcel.payable_since = now;
    }
    let makers = sold.order.parcels.iter().map(|parcel| parcel.maker_id);
    let (gone, there): (Vec<_>, Vec<_>) = makers.partition(|maker| gone.contains(maker));
    let sold = sold.tells(To::Customer, Topic::Confirmed, &[]);
    let sold = sold.tells_makers(Topic::Sold, &there);
    match gone.is_empty() {
        true => sold,
        false => {
            let back = gone.iter().fold(sold, |step, maker| pay_back(step, *maker));
            let back = back.pays_out(now);
            back.tells(To::Customer, Topic::Refunded, &gone)
        }
    }
}

/// Money that pays for nothing.
fn give_back(here: Step, now: Timestamp) -> Step {
    match here.order.sale {
        Sale::Expired | Sale::Cancelled if here.order.late == Refund::None => {
            let late = here.late(Refund::Asked, now);
            late.tells(To::Customer, Topic::Refunded, &[])
        }
        _ => here,
    }
}

fn expire(here: Step, now: Timestamp) -> Step {
    match here.order.sale {
        Sale::Open | Sale::Slip => Step {
            stock: Stock::Free,
            ..here.sale(Sale::Expired, now)
        },
        _ => here,
    }
}

/// What is not paid for yet.
fn call_off(here: Step, now: Timestamp) -> Result<Step, Refused> {
    match here.order.sale {
        Sale::Open => Ok(Step {
            stock: Stock::Free,
            ends_checkout: true,
            ..here.sale(Sale::Cancelled, now)
        }),
        Sale::Slip => Err(Refused::Slip),
        Sale::Cancelled => Ok(here),
        _ => Err(here.no()),
    }
}

/// What was not sent goes back on sale: it is the customer who does not want it, and the maker has it.
fn cancel(here: Step, maker_id: Option<UserId>, now: Timestamp) -> Result<Step, Refused> {
    if let Some(maker_id) = maker_id {
        here.order.parcel(maker_id).ok_or(Refused::NoParcel)?;
    }
    match (here.order.sale, maker_id) {
        (Sale::Sold, _) => {}
        (_, None) => return call_off(here, now),
        // There is one Checkout for all of it.
        (_, Some(_)) => return Err(here.no()),
    }
    if here.order.is_frozen() {
        return Err(Refused::Disputed);
    }
    let parcels = here.order.parcels.iter();
    let meant = parcels.filter(|parcel| maker_id.is_none_or(|maker| maker == parcel.maker_id));
    let in_state = |state: ParcelState| -> Vec<UserId> {
        let parcels = meant.clone().filter(|parcel| parcel.state == state);
        parcels.map(|parcel| parcel.maker_id).collect()
    };
    let unsent = in_state(ParcelState::Waiting);
    if unsent.is_empty() {
        return match in_state(ParcelState::Refunded).is_empty() {
            false => Ok(here),
            true => Err(here.no()),
        };
    }
    let back = unsent
        .iter()
        .fold(here, |step, maker| pay_back(step, *maker));
    let back = back.pays_out(now);
    let back = back.tells(To::Customer, Topic::Refunded, &unsent);
    Ok(Step {
        stock: Stock::FreeOf(unsent.iter().copied().collect()),
        ..back.tells_makers(Topic::Refunded, &unsent)
    })
}

/// A parcel is paid back, and what its maker was to get for it comes back.
fn pay_back(here: Step, maker_id: UserId) -> Step {
    let Some(parcel) = here.order.parcel(maker_id).cloned() else {
        return here;
    };
    here.with(Parcel {
        state: ParcelState::Refunded,
        refund: Refund::Asked,
        refunds: parcel.refunds + 1,
        reversal: match parcel.transfer {
            Transfer::None => Reversal::None,
            _ => Reversal::Asked,
        },
        ..parcel
    })
}

fn ship(here: Step, maker_id: UserId, shipment: Shipment) -> Result<Step, Refused> {
    let parcel = here.movable(maker_id)?;
    let known = parcel.shipment.as_ref();
    let is_known = known.is_some_and(|known| {
        (&known.ship_id, &known.carrier) == (&shipment.ship_id, &shipment.carrier)
    });
    match parcel.state {
        ParcelState::Waiting => {
            let shipped = here.with(Parcel {
                state: ParcelState::Shipped,
                shipment: Some(shipment),
                ..parcel
            });
            Ok(shipped.tells(To::Customer, Topic::Shipped, &[maker_id]))
        }
        ParcelState::Shipped | ParcelState::Complete if is_known => Ok(here),
        // A slip of the pen; it travels since it was first said to.
        ParcelState::Shipped => {
            let at = known.map_or(shipment.at, |known| known.at);
            let corrected = here.with(Parcel {
                shipment: Some(Shipment { at, ..shipment }),
                ..parcel
            });
            Ok(corrected.tells(To::Customer, Topic::Shipped, &[maker_id]))
        }
        _ => Err(Refused::Status(here.order.status_of(&parcel))),
    }
}

fn receive(here: Step, maker_id: UserId, now: Timestamp) -> Result<Step, Refused> {
    let parcel = here.movable(maker_id)?;
    match parcel.state {
        ParcelState::Shipped => {
            let received = Parcel {
                state: ParcelState::Complete,
                reported_at: None,
                ..parcel
            };
            Ok(transfer(here, received, now))
        }
        // That it has come may also be said of one that was reported after it should have.
        ParcelState::Complete if parcel.reported_at.is_some() => {
            let received = Parcel {
                reported_at: None,
                ..parcel
            };
            Ok(transfer(here, received, now))
        }
        ParcelState::Complete => Ok(here),
        _ => Err(Refused::Status(here.order.status_of(&parcel))),
    }
}

/// Its money goes to its maker, unless it does already.
pub(super) fn transfer(here: Step, parcel: Parcel, now: Timestamp) -> Step {
    match parcel.transfer {
        Transfer::None => here.asks(
            Parcel {
                transfer: Transfer::Asked,
                ..parcel
            },
            now,
        ),
        _ => here.with(parcel),
    }
}

/// A dispute does not keep anybody from saying it; it moves nothing.
fn report(here: Step, maker_id: UserId, now: Timestamp) -> Result<Step, Refused> {
    let parcel = here.paid(maker_id)?;
    match parcel.state {
        ParcelState::Shipped | ParcelState::Complete => Ok(here.with(Parcel {
            reported_at: parcel.reported_at.or(Some(now)),
            transfer: match parcel.transfer {
                // It has not been moved, and is not to be.
                Transfer::Waiting => Transfer::None,
                transfer => transfer,
            },
            ..parcel
        })),
        _ => Err(Refused::Status(here.order.status_of(&parcel))),
    }
}

fn refund(here: Step, actor: Actor, maker_id: UserId, now: Timestamp) -> Result<Step, Refused> {
    let parcel = here.movable(maker_id)?;
    match (parcel.state, actor) {
        (ParcelState::Refunded, Actor::Operator) if parcel.refund == Refund::Failed => {
            let again = Parcel {
                refund: Refund::Asked,
                refunds: parcel.refunds + 1,
                ..parcel
            };
            Ok(here.asks(again, now))
        }
        (ParcelState::Refunded, _) => Ok(here),
        // Only what is to come yet.
        (ParcelState::Shipped | ParcelState::Complete, Actor::House) => {
            Err(Refused::Status(here.order.status_of(&parcel)))
        }
        (_, _) => Ok(told_back(here, actor, maker_id, now)),
    }
}

/// A parcel is paid back, and both are told, but not who does it.
pub(super) fn told_back(here: Step, by: Actor, maker_id: UserId, now: Timestamp) -> Step {
    let back = pay_back(here, maker_id).pays_out(now);
    let back = back.tells(To::Customer, Topic::Refunded, &[maker_id]);
    match by {
        Actor::Maker => back,
        _ => back.tells(To::Maker, Topic::Refunded, &[maker_id]),
    }
}

/// What the ledger tells of money that was asked for. What it tells late of something else changes nothing.
fn moved(here: Step, action: &Action) -> Result<Step, Refused> {
    let (Action::Transferred { maker_id }
    | Action::TransferWaits { maker_id }
    | Action::Reversed { maker_id, .. }) = action
    else {
        return refunded(here, action);
    };
    let parcel = here.paid(*maker_id)?;
    let after = match (action, parcel.transfer, parcel.reversal) {
        (Action::Transferred { .. }, Transfer::Asked | Transfer::Waiting, _) => Parcel {
            transfer: Transfer::Done,
            ..parcel
        },
        (Action::TransferWaits { .. }, Transfer::Asked, _) => Parcel {
            transfer: match parcel.reported_at {
                Some(_) => Transfer::None,
                None => Transfer::Waiting,
            },
            ..parcel
        },
        (Action::Reversed { owed, .. }, _, Reversal::Asked | Reversal::Done) => Parcel {
            reversal: Reversal::Done,
            owed: *owed,
            ..parcel
        },
        _ => parcel,
    };
    Ok(here.with(after))
}

fn refunded(mut here: Step, action: &Action) -> Result<Step, Refused> {
    let (maker_id, to) = match action {
        Action::Refunded { maker_id } => (maker_id, Refund::Done),
        Action::RefundFailed { maker_id } => (maker_id, Refund::Failed),
        _ => return Err(here.no()),
    };
    let after = |known: Refund| match (known, to) {
        (Refund::Asked, to) => to,
        // The customer's bank may send it back much later.
        (Refund::Done, Refund::Failed) => Refund::Failed,
        (known, _) => known,
    };
    match maker_id {
        None => {
            here.order.late = after(here.order.late);
            Ok(here)
        }
        Some(maker_id) => {
            let parcel = here.paid(*maker_id)?;
            Ok(here.with(Parcel {
                refund: after(parcel.refund),
                ..parcel
            }))
        }
    }
}
