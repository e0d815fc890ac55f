//! An order's money as a flow: from the parcels that it pays for to the places where it is, with what the order, the
//! ledger and Stripe each say of a place. It adds up where all that say something say the same, and the places come
//! to what was charged.

use enishi_market::order::state::{Order, Parcel, ParcelState, Refund, Reversal, Transfer};
use enishi_shared::{
    UserId,
    payments::{DisputeState, Payment},
};
use serde_json::{Value, json};

/// Money that somebody has passed on at Stripe itself.
const UNKNOWN: &str = "passed on elsewhere";

/// A place where money is, or all of it.
struct Place {
    name: &'static str,
    /// Whose, where it is a maker's.
    maker_id: Option<UserId>,
    /// What the order says; `None` while money is under way there, or where the order does not know.
    order: Option<i64>,
    ledger: Option<i64>,
    stripe: Option<i64>,
}

impl Place {
    fn agrees(&self) -> bool {
        let mut said = [self.order, self.ledger, self.stripe].into_iter().flatten();
        let first = said.next();
        said.all(|other| Some(other) == first)
    }
}

fn yen(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn of(stripe: &Value, name: &str) -> i64 {
    stripe[name].as_i64().unwrap_or_default()
}

/// The flow of an order's money; `stripe` is what Stripe says of it, once it is paid.
pub fn flow(order: &Order, ledger: Option<&Payment>, stripe: Option<&Value>) -> Value {
    let parcels = order.parcels.iter();
    let parcels = parcels.map(|one| json!({"maker_id": one.maker_id, "amount": one.amount()}));
    let fees: u64 = order.parcels.iter().map(|parcel| parcel.fee).sum();
    let places = stripe.map(|stripe| places(order, ledger, stripe));
    let places = places.unwrap_or_default();
    let rows = places.iter().map(|place| {
        json!({
            "name": place.name, "maker_id": place.maker_id, "order": place.order,
            "ledger": place.ledger, "stripe": place.stripe, "agrees": place.agrees(),
        })
    });
    json!({
        "rows": rows.collect::<Vec<_>>(), "parcels": parcels.collect::<Vec<_>>(),
        "asked": order.amount(), "fees": fees, "paid": stripe.is_some(),
        "adds_up": places.iter().all(Place::agrees),
    })
}

/// What was charged, and behind it where that is. The last place has what is at no other one.
fn places(order: &Order, ledger: Option<&Payment>, stripe: &Value) -> Vec<Place> {
    let mut places = vec![Place {
        name: "charged",
        maker_id: None,
        order: Some(yen(order.amount())),
        ledger: ledger.map(|ledger| {
            if ledger.state.is_paid() {
                ledger.amount
            } else {
                0
            }
        }),
        stripe: Some(of(stripe, "paid")),
    }];
    let mut others = of(stripe, "passed_on");
    for parcel in &order.parcels {
        let transfer = ledger.and_then(|it| it.transfers.get(&parcel.maker_id.to_string()));
        let made = transfer.filter(|transfer| transfer.id.is_some());
        let here = made.map_or(0, |transfer| {
            let back = transfer
                .reversal
                .as_ref()
                .map_or(0, |reversal| reversal.reversed);
            transfer.amount - back
        });
        let there = made.and_then(|transfer| transfer.id.as_deref());
        let there = there.map_or(0, |id| transferred(stripe, id));
        others -= there;
        places.push(Place {
            name: "to the maker",
            maker_id: Some(parcel.maker_id),
            order: passed_on(parcel),
            ledger: ledger.map(|_| here),
            stripe: Some(there),
        });
    }
    if others != 0 {
        places.push(Place {
            name: UNKNOWN,
            maker_id: None,
            order: None,
            ledger: ledger.map(|_| 0),
            stripe: Some(others),
        });
    }
    places.push(Place {
        name: "given back",
        maker_id: None,
        order: given_back(order),
        ledger: ledger.map(|ledger| ledger.amount_refunded),
        stripe: Some(of(stripe, "refunded")),
    });
    places.push(Place {
        name: "disputed",
        maker_id: None,
        order: (!order.disputes.are_open()).then(|| yen(order.disputes.lost)),
        ledger: ledger.map(disputed),
        stripe: Some(of(stripe, "disputed")),
    });
    let rest = |said: fn(&Place) -> Option<i64>| {
        let [charged, others @ ..] = &places[..] else {
            return None;
        };
        others
            .iter()
            .try_fold(said(charged)?, |left, place| Some(left - said(place)?))
    };
    let house = Place {
        name: "with the house",
        maker_id: None,
        order: rest(|place| match place.name {
            UNKNOWN => Some(0),
            _ => place.order,
        }),
        ledger: rest(|place| place.ledger),
        stripe: Some(of(stripe, "platform")),
    };
    places.push(house);
    places
}

/// What Stripe says of a transfer.
fn transferred(stripe: &Value, id: &str) -> i64 {
    let mut transfers = stripe["transfers"].as_array().into_iter().flatten();
    let transfer = transfers.find(|transfer| transfer["id"] == id);
    transfer.map_or(0, |transfer| {
        of(transfer, "amount") - of(transfer, "reversed")
    })
}

/// What of a parcel's money its maker has, as the order says.
fn passed_on(parcel: &Parcel) -> Option<i64> {
    match (parcel.transfer, parcel.reversal) {
        (_, Reversal::Asked) => None,
        (Transfer::Asked, _) if parcel.is_wanted() => None,
        (Transfer::Done, Reversal::Done) if !parcel.is_wanted() => Some(yen(parcel.owed)),
        (Transfer::Done, _) => Some(yen(parcel.share() + parcel.owed)),
        _ => Some(0),
    }
}

/// What the customer has again, as the order says.
fn given_back(order: &Order) -> Option<i64> {
    let late = (order.late, order.amount() - order.disputes.lost);
    let parcels = order
        .parcels
        .iter()
        .filter(|one| one.state == ParcelState::Refunded);
    let parcels = parcels.map(|parcel| (parcel.refund, parcel.left()));
    parcels
        .chain([late])
        .try_fold(0, |sum, (refund, amount)| match refund {
            Refund::Asked => None,
            Refund::Done => Some(sum + yen(amount)),
            Refund::None | Refund::Failed | Refund::Lost => Some(sum),
        })
}

/// What the customer's bank has of it, for a time or for good.
fn disputed(ledger: &Payment) -> i64 {
    let disputes = ledger.disputes.values();
    let taken = disputes.filter(|dispute| dispute.state != DisputeState::Won);
    taken.map(|dispute| dispute.amount).sum()
}
