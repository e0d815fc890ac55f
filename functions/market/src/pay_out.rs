//! `market-pay-out`: money of an order moves. What is to is asked of the order, what has is asked of the ledger's
//! record; the ledger does the rest, and the order notes it. What the ledger tells of itself, of refunds, reversals
//! and disputes, is a hint to look again. So it bears to be called at any time and any number of
//! times; what was cut off is done by the next call, which the sweep sees to.
//!
//! Of a parcel the customer gets their money first, then what its maker got is taken back. The ledger's name for
//! a parcel's money is its maker's id.

use enishi_shared::{
    App, Error, Function, Result, UserId,
    error::Code,
    events::Event,
    function::on,
    metric,
    payments::{self, DisputeState, NewTransfer, Payment},
    store::Table,
};
use serde::Deserialize;

use crate::{
    item::table,
    maker::{Maker, maker_key},
    order::{
        OrderId, StoredOrder,
        advance::follow,
        order_key,
        state::{Action, Actor, Dispute, Parcel, ParcelState, Refund, Reversal, Sale, Transfer},
    },
};

/// `market-pay-out`
///
/// Budget: of each parcel whose money moves, 14 at the most: given back with its step 5, taken back with its step
/// 8, as a rule 5; passed on 6. Beside these the order, the payment, and the order's step where a dispute has moved
/// it.
pub const FUNCTION: Function =
    Function::event("market-pay-out", |app, event| on(app, event, told)).budget(14);

/// What the ledger calls all of the money, where it came and there was nothing to be had for it.
const LATE: &str = "late";

/// Of which order something is told: by itself, or by the ledger.
#[derive(Deserialize)]
struct Told {
    #[serde(alias = "reference")]
    order_id: OrderId,
}

async fn told(app: App, Event { detail }: Event<Told>) -> Result<()> {
    pay_out(&app, detail.data.order_id).await
}

/// Has the ledger do what an order asks for, and notes what it has done. What fails of one parcel does not stop
/// the others.
///
/// # Errors
/// The last one's: `service_unavailable` when somebody does not answer.
pub async fn pay_out(app: &App, id: OrderId) -> Result<()> {
    let table = table(app)?;
    let Some(mut stored) = table.get::<StoredOrder>(&order_key(id)).await? else {
        return Ok(());
    };
    let payment = payments::find(app, stored.payment_ref()).await?;
    let dispute = dispute(&payment);
    if dispute > stored.order.dispute
        && let Some(dispute) = dispute
    {
        if stored.order.sale != Sale::Sold && stored.order.late == Refund::None {
            // The settlement is told too, and comes first.
            return Err(Error::unavailable(1));
        }
        follow(app, id, Actor::Payments, Action::Dispute { dispute }).await?;
        if dispute == Dispute::Open {
            // Whoever does not answer it at Stripe in time has lost it.
            metric::count("Reports", 1);
        }
        let judged = table.get::<StoredOrder>(&order_key(id)).await?;
        stored = judged.ok_or_else(|| Error::internal("an order is gone"))?;
    }
    let moving = Moving {
        app,
        table: &table,
        stored: &stored,
    };
    let mut outcome = moving.late(&payment).await;
    for parcel in &stored.order.parcels {
        outcome = moving.parcel(parcel, &payment).await.and(outcome);
    }
    outcome
}

/// How it stands with all disputes of a payment.
fn dispute(payment: &Payment) -> Option<Dispute> {
    let states = payment.disputes.values().map(|dispute| dispute.state);
    let states: Vec<DisputeState> = states.collect();
    [
        (DisputeState::Lost, Dispute::Lost),
        (DisputeState::Open, Dispute::Open),
        (DisputeState::Won, Dispute::Won),
    ]
    .into_iter()
    .find_map(|(state, dispute)| states.contains(&state).then_some(dispute))
}

/// An order whose money moves.
struct Moving<'a> {
    app: &'a App,
    table: &'a Table,
    stored: &'a StoredOrder,
}

impl Moving<'_> {
    /// All of the money, where it came late: under the first name that has not failed.
    async fn late(&self, payment: &Payment) -> Result<()> {
        let refund = self.stored.order.late;
        let has_failed = |name: &String| {
            let known = payment.refunds.get(name);
            known.is_some_and(|known| known.failed)
        };
        let mut name = LATE.to_owned();
        for number in 2.. {
            if refund != Refund::Asked || !has_failed(&name) {
                break;
            }
            name = format!("{LATE}/{number}");
        }
        self.give_back(refund, &name, None, None, payment).await
    }

    /// A parcel's.
    async fn parcel(&self, parcel: &Parcel, payment: &Payment) -> Result<()> {
        let (maker_id, amount) = (parcel.maker_id, yen(parcel.amount())?);
        let name = maker_id.to_string();
        let refund = match parcel.refunds {
            0 | 1 => name.clone(),
            number => format!("{name}/{number}"),
        };
        self.give_back(
            parcel.refund,
            &refund,
            Some(amount),
            Some(maker_id),
            payment,
        )
        .await?;
        match (parcel.state, parcel.transfer, parcel.reversal) {
            (_, _, Reversal::Asked) => self.take_back(maker_id, &name).await,
            (_, _, Reversal::Done) => self.note_debt(parcel, &name, payment).await,
            (ParcelState::Refunded, ..) => Ok(()),
            (_, Transfer::Asked, _) => self.pass_on(parcel, &name).await,
            _ => Ok(()),
        }
    }

    async fn note(&self, action: Action) -> Result<()> {
        follow(self.app, self.stored.order_id, Actor::Payments, action).await
    }

    /// Gives back what is to be, and notes what has been or could not.
    async fn give_back(
        &self,
        refund: Refund,
        name: &str,
        amount: Option<i64>,
        maker_id: Option<UserId>,
        known: &Payment,
    ) -> Result<()> {
        let has_failed = |payment: &Payment| {
            let refund = payment.refunds.get(name);
            refund.is_some_and(|refund| refund.failed)
        };
        match refund {
            Refund::Asked => {}
            // The customer's bank may send it back much later.
            Refund::Done if has_failed(known) => {
                return self.note(Action::RefundFailed { maker_id }).await;
            }
            _ => return Ok(()),
        }
        let payment_ref = self.stored.payment_ref();
        match payments::refund(self.app, payment_ref, name, amount).await {
            Ok(_) => self.note(Action::Refunded { maker_id }).await,
            Err(error) if error.code() == Code::Conflict => {
                let payment = payments::find(self.app, payment_ref).await?;
                if payment.is_disputed() && !has_failed(&payment) {
                    // What the dispute comes to is told.
                    return Ok(());
                }
                if !has_failed(&payment) {
                    tracing::error!(payment = %payment.payment_id, "the ledger refuses a refund");
                }
                self.note(Action::RefundFailed { maker_id }).await
            }
            Err(error) => Err(error),
        }
    }

    /// Takes back what a maker got.
    async fn take_back(&self, maker_id: UserId, name: &str) -> Result<()> {
        let payment_ref = self.stored.payment_ref();
        let payment = payments::find(self.app, payment_ref).await?;
        // What was never begun cannot be any more: it is given back, or lost.
        let owed = match payment.transfers.get(name) {
            Some(transfer) => {
                let reversed = payments::reverse(self.app, payment_ref, name, transfer.amount);
                reversed.await?.owed
            }
            None => 0,
        };
        let owed = u64::try_from(owed).unwrap_or_default();
        self.note(Action::Reversed { maker_id, owed }).await
    }

    /// What a maker owes falls as the ledger collects it.
    async fn note_debt(&self, parcel: &Parcel, name: &str, payment: &Payment) -> Result<()> {
        let transfer = payment.transfers.get(name);
        let reversal = transfer.and_then(|transfer| transfer.reversal.as_ref());
        let owed = reversal.map_or(0, |reversal| {
            u64::try_from(reversal.owed).unwrap_or_default()
        });
        if owed == parcel.owed {
            return Ok(());
        }
        let maker_id = parcel.maker_id;
        self.note(Action::Reversed { maker_id, owed }).await
    }

    /// Passes on what a maker is to get, unless it does not reach them now.
    async fn pass_on(&self, parcel: &Parcel, name: &str) -> Result<()> {
        let maker_id = parcel.maker_id;
        let amount = yen(parcel.share())?;
        if amount == 0 {
            return self.note(Action::Transferred { maker_id }).await;
        }
        if let Some(destination) = self.reaches(maker_id).await? {
            let transfer = NewTransfer {
                name,
                amount,
                destination: &destination,
                part: yen(parcel.amount())?,
            };
            let payment_ref = self.stored.payment_ref();
            match payments::transfer(self.app, payment_ref, transfer).await {
                Ok(payment) => {
                    let transfer = payment.transfers.get(name);
                    if transfer.is_some_and(|transfer| transfer.id.is_some()) {
                        return self.note(Action::Transferred { maker_id }).await;
                    }
                }
                // What stands against it, a dispute or a refund, is told.
                Err(error) if error.code() == Code::Conflict => return Ok(()),
                Err(error) => return Err(error),
            }
            return self.note(Action::TransferWaits { maker_id }).await;
        }
        self.note(Action::TransferWaits { maker_id }).await?;
        // Whoever could tell that it reaches them again may have looked before this waited.
        match self.reaches(maker_id).await? {
            Some(_) => {
                let id = self.stored.order_id;
                follow(self.app, id, Actor::House, Action::Resume { maker_id }).await
            }
            None => Ok(()),
        }
    }

    /// Where a maker's money goes, if it may. One request.
    async fn reaches(&self, maker_id: UserId) -> Result<Option<String>> {
        let maker = self.table.get::<Maker>(&maker_key(maker_id)).await?;
        let maker = maker.filter(|maker| maker.onboarded && !maker.suspended);
        Ok(maker.and_then(|maker| maker.stripe_account_id))
    }
}

/// As the ledger counts.
fn yen(amount: u64) -> Result<i64> {
    i64::try_from(amount).map_err(|_| Error::internal("an amount is out of bounds"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::PayoutOwed;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/market-pay-out.json");
        assert!(serde_json::from_str::<Event<PayoutOwed>>(sample).is_ok());
        assert!(serde_json::from_str::<Event<Told>>(sample).is_ok());
        let settled = include_str!("../../../events/market-settle.json");
        assert!(serde_json::from_str::<Event<Told>>(settled).is_ok());
    }
}
