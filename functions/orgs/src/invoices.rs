//! The invoices of an organisation: each is kept as Stripe has it, whoever bought, and with the seconds that it
//! granted, which it does once. They name nobody, and are kept when the organisation is closed: the law wants the
//! books for ten years.

use std::collections::HashMap;

use enishi_shared::{
    Result,
    payments::PaymentId,
    store::{Item, Key, Table, Transaction, decode},
    stripe::{Invoice, InvoiceStatus},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{list::List, organization::OrganizationId, time};

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LicensePaymentStatus)]
pub enum PaymentStatus {
    /// It is to be paid.
    Open,
    /// It is paid.
    Paid,
    /// It is not expected any more to be paid.
    Uncollectible,
    /// It counts no more.
    Void,
    /// It was paid and given back.
    Refunded,
}

impl PaymentStatus {
    /// Of an invoice that Stripe has sent.
    fn of(status: &InvoiceStatus) -> Option<Self> {
        match status {
            InvoiceStatus::Open => Some(Self::Open),
            InvoiceStatus::Paid => Some(Self::Paid),
            InvoiceStatus::Uncollectible => Some(Self::Uncollectible),
            InvoiceStatus::Void => Some(Self::Void),
            _ => None,
        }
    }
}

/// An invoice as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredInvoice {
    /// Which: made of Stripe's name and time for it, so always the same.
    pub id: PaymentId,
    /// Stripe's `in_…`.
    pub invoice: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What is to be paid, in minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// From when it pays for seats.
    pub period_start: Option<Timestamp>,
    /// Until when.
    pub period_end: Option<Timestamp>,
    /// Where the customer sees it.
    pub url: Option<String>,
    /// The seconds that it granted, once it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<u32>,
}

impl StoredInvoice {
    /// What Stripe has now, beside what is `known`. `None` while it may still change.
    pub fn of(invoice: &Invoice, known: Option<&Self>) -> Option<Self> {
        let status = PaymentStatus::of(&invoice.status)?;
        let given_back = known.is_some_and(|known| known.status == PaymentStatus::Refunded);
        Some(Self {
            id: id(invoice),
            invoice: invoice.id.clone(),
            created_at: invoice.created,
            amount: invoice.amount_due,
            currency: invoice.currency.clone(),
            status: match given_back {
                true => PaymentStatus::Refunded,
                false => status,
            },
            period_start: invoice.period.map(|period| period.start),
            period_end: invoice.period.map(|period| period.end),
            url: invoice.hosted_invoice_url.clone(),
            granted: known.and_then(|known| known.granted),
        })
    }

    /// Puts it into the table.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn put(
        &self,
        tx: &mut Transaction,
        table: &Table,
        organization_id: OrganizationId,
    ) -> Result<()> {
        tx.put(table, key(organization_id, self.id), self)
    }
}

fn id(invoice: &Invoice) -> PaymentId {
    PaymentId::derived(&invoice.id, invoice.created)
}

fn key(organization_id: OrganizationId, id: PaymentId) -> Key {
    Key::new(invoices_of(organization_id).pk, id.to_string())
}

/// The list of an organisation's invoices, the oldest first.
pub fn invoices_of(organization_id: OrganizationId) -> List {
    List {
        pk: format!("INVOICES#{organization_id}"),
        prefix: "",
    }
}

/// What is known of these invoices, by Stripe's names. A request for each hundred.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn known(
    table: &Table,
    organization_id: OrganizationId,
    invoices: &[Invoice],
) -> Result<HashMap<String, StoredInvoice>> {
    let places = invoices.iter().map(|it| key(organization_id, id(it)));
    let places: Vec<Key> = places.collect();
    let found = table.batch_get_all(&places).await?;
    let read = |item: Item| {
        let known: StoredInvoice = decode(item)?;
        Ok((known.invoice.clone(), known))
    };
    found.into_values().map(read).collect()
}

/// A payment, as an organisation's admins see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LicensePayment)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// When it was made, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub created_at: Timestamp,
    /// What is to be paid, in minor units; JPY has none.
    #[schema(example = 5000)]
    pub amount: i64,
    /// ISO 4217, lower case.
    #[schema(example = "jpy")]
    pub currency: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// From when it pays for seats, at universal time.
    #[serde(serialize_with = "time::serialize_option")]
    #[schema(required, value_type = Option<String>, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub period_start: Option<Timestamp>,
    /// Until when, at universal time.
    #[serde(serialize_with = "time::serialize_option")]
    #[schema(required, value_type = Option<String>, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-12-20 14:00:00")]
    pub period_end: Option<Timestamp>,
    /// Stripe's page of the invoice.
    #[schema(
        required,
        format = "uri",
        example = "https://invoice.stripe.com/i/acct_1/test_1"
    )]
    pub url: Option<String>,
}

impl From<StoredInvoice> for Payment {
    fn from(invoice: StoredInvoice) -> Self {
        Self {
            id: invoice.id,
            created_at: invoice.created_at,
            amount: invoice.amount,
            currency: invoice.currency,
            status: invoice.status,
            period_start: invoice.period_start,
            period_end: invoice.period_end,
            url: invoice.url,
        }
    }
}
