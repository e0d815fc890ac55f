//! Payments, refunds and disputes.

use std::collections::BTreeMap;

use serde::Deserialize;
use stripe_core::{
    dispute::RetrieveDispute,
    payment_intent::RetrievePaymentIntent,
    refund::{CreateRefund, RetrieveRefund},
};

use super::{
    Answer, DisputeStatus, PaymentIntentStatus, RefundStatus, Stripe, id, or_default, owned,
};

/// A payment, with all attempts at it.
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`.
    pub id: String,
    /// Where it stands.
    pub status: PaymentIntentStatus,
    /// What is to be paid, in minor units.
    pub amount: i64,
    /// What was paid.
    pub amount_received: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// What ties it to its transfers.
    pub transfer_group: Option<String>,
    /// Ours.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
    /// The last attempt.
    pub latest_charge: Option<Charge>,
}

/// An attempt at a payment; the source of transfers.
#[derive(Clone, Debug, Deserialize)]
pub struct Charge {
    /// `ch_…` or `py_…`.
    pub id: String,
    /// Whether it was paid.
    pub paid: bool,
    /// In minor units.
    pub amount: i64,
    /// What of it was given back.
    pub amount_refunded: i64,
    /// Whether all of it was given back.
    pub refunded: bool,
    /// The customer's receipt.
    pub receipt_url: Option<String>,
}

/// Money given back.
#[derive(Clone, Debug, Deserialize)]
pub struct Refund {
    /// `re_…` or `pyr_…`.
    pub id: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// In minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The payment.
    pub payment_intent: Option<String>,
    /// Ours.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// A payment that the payer's bank takes back, for a time or for good.
#[derive(Clone, Debug, Deserialize)]
pub struct Dispute {
    /// `du_…` or `dp_…`.
    pub id: String,
    /// Where it stands.
    pub status: DisputeStatus,
    /// In minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// `fraudulent`, `product_not_received` and so on.
    pub reason: String,
    /// The payment.
    pub payment_intent: Option<String>,
}

impl Stripe {
    /// A dispute's present state.
    pub async fn dispute(&self, dispute: &str) -> Answer<Dispute> {
        self.read(RetrieveDispute::new(id(dispute)?)).await
    }

    /// A payment's present state, with its last attempt.
    pub async fn payment_intent(&self, payment_intent: &str) -> Answer<PaymentIntent> {
        let request = RetrievePaymentIntent::new(id(payment_intent)?)
            .expand(vec!["latest_charge".to_owned()]);
        self.read(request).await
    }

    /// Gives back `amount` minor units of a payment, all that is left of it where `None`. Refused
    /// with `charge_already_refunded` when nothing is left, with 400 when less is left.
    pub async fn create_refund(
        &self,
        key: &str,
        payment_intent: &str,
        amount: Option<i64>,
        metadata: &[(&str, &str)],
    ) -> Answer<Refund> {
        let mut request = CreateRefund::new().payment_intent(payment_intent);
        if let Some(metadata) = owned(metadata) {
            request = request.metadata(metadata);
        }
        if let Some(amount) = amount {
            request = request.amount(amount);
        }
        self.write(key, request).await
    }

    /// A refund's present state.
    pub async fn refund(&self, refund: &str) -> Answer<Refund> {
        self.read(RetrieveRefund::new(id(refund)?)).await
    }
}
