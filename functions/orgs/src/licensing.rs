//! A licence: seats, and each period's seconds, that an organisation has bought by a subscription at Stripe. It
//! lies in the organisation; a new one takes the place of one that has ended.

use enishi_shared::{
    Error, Result,
    payments::{PayerId, PaymentId, PaymentRef, Purpose, subscription::PendingSeats},
    store::{Key, Table, Transaction},
    stripe::{Subscription, SubscriptionStatus},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    organization::{Organization, OrganizationId},
    time,
};

/// What licences are paid under.
pub const LICENSE: Purpose = Purpose::new("license");
/// The partition of the licences that are to be looked after, in the order of when.
pub const DUE: &str = "LICENSES";
/// How long after a period's end Stripe is asked whether the next one is paid: it tries to take the money for an
/// hour after.
const AFTER_PERIOD: SignedDuration = SignedDuration::from_hours(1);
/// How often Stripe is asked about what is not paid.
const DAILY: SignedDuration = SignedDuration::from_hours(24);
/// How long fewer seats count before Stripe has them: longer than any function runs.
const LOWERING_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Where a licence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenseStatus {
    /// It can be paid for.
    Checkout,
    /// It is paid.
    Active,
    /// A payment has failed and is tried again; it goes on.
    PastDue,
    /// A payment has failed and is not tried again.
    Unpaid,
    /// It has ended.
    Canceled,
}

impl LicenseStatus {
    /// Whether it has been bought and gives what it is for.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Active | Self::PastDue)
    }

    /// Whether it is bought, and has not ended for good.
    pub fn is_bought(self) -> bool {
        matches!(self, Self::Active | Self::PastDue | Self::Unpaid)
    }
}

impl From<&SubscriptionStatus> for LicenseStatus {
    fn from(status: &SubscriptionStatus) -> Self {
        match status {
            SubscriptionStatus::Active | SubscriptionStatus::Trialing => Self::Active,
            SubscriptionStatus::PastDue => Self::PastDue,
            SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired => Self::Canceled,
            _ => Self::Unpaid,
        }
    }
}

/// More seats, which count once they are paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// How many there would be.
    pub quantity: u32,
    /// Where they are paid for.
    pub url: Option<String>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Fewer seats that Stripe is about to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowering {
    /// How many.
    pub quantity: u32,
    /// Stripe has them by then, or they do not count.
    pub until: Timestamp,
}

/// A licence as it lies in its organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// Which: the payment that begins it.
    pub license_id: PaymentId,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Which plan.
    pub plan_id: u32,
    /// Stripe's `price_…`.
    pub price: String,
    /// What a seat costs each period, in minor units.
    pub unit_amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The seconds that a seat grants each period.
    pub seconds_per_seat: u32,
    /// How many seats.
    pub quantity: u32,
    /// Where it stands.
    pub status: LicenseStatus,
    /// Stripe's `sub_…`, once it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// When the present period ends, once it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_period_end: Option<Timestamp>,
    /// When it was called off, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_applied_at: Option<Timestamp>,
    /// More seats that are not paid yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// Fewer seats that Stripe does not know yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowering: Option<Lowering>,
    /// When Stripe is asked about it, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
}

/// A licence that is to be looked after, as it lies in the table.
#[derive(Serialize, Deserialize)]
pub struct Due {
    /// Whose.
    pub organization_id: OrganizationId,
}

/// The payer that an organisation is.
pub fn payer(organization_id: OrganizationId) -> PayerId {
    PayerId::from_bytes(organization_id.to_bytes())
}

/// The organisation that has paid.
///
/// # Errors
/// `internal_server_error`; there is none.
pub fn organization_of(payer: PayerId) -> Result<OrganizationId> {
    let id = payer.to_string().parse();
    id.map_err(|_| Error::internal("a payer's id is no organisation's"))
}

fn due_key(organization_id: OrganizationId, due_at: i64) -> Key {
    Key::new(DUE, format!("{due_at:012}#{organization_id}"))
}

/// What the keys of the licences that are due at `now` are below.
pub fn due_until(now: Timestamp) -> String {
    format!("{:012}", now.as_second() + 1)
}

/// Moves what says when a licence is looked after, in the transaction that changes its organisation.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn follow_due(
    tx: &mut Transaction,
    table: &Table,
    before: &Organization,
    after: Option<&Organization>,
) -> Result<()> {
    let due_at = |of: &Organization| of.license.as_ref().and_then(|license| license.due_at);
    let organization_id = before.organization_id;
    let (was, is) = (due_at(before), after.and_then(due_at));
    if was == is {
        return Ok(());
    }
    if let Some(was) = was {
        tx.delete(table, due_key(organization_id, was));
    }
    match is {
        Some(is) => tx.put(
            table,
            due_key(organization_id, is),
            &Due { organization_id },
        ),
        None => Ok(()),
    }
}

impl License {
    /// Its payment.
    pub fn payment_ref(&self, organization_id: OrganizationId) -> PaymentRef {
        PaymentRef {
            payer: payer(organization_id),
            payment_id: self.license_id,
        }
    }

    /// The seats that it gives.
    pub fn seats(&self) -> u32 {
        match (self.status.is_running(), self.lowering) {
            (false, _) => 0,
            (true, Some(lowering)) => lowering.quantity.min(self.quantity),
            (true, None) => self.quantity,
        }
    }

    /// While Stripe is asked for so many seats: fewer count at once.
    #[must_use]
    pub fn asked(&self, quantity: u32, now: Timestamp) -> Self {
        let until = now + LOWERING_FOR;
        let is_lower = quantity < self.quantity;
        Self {
            lowering: is_lower.then_some(Lowering { quantity, until }),
            due_at: match is_lower {
                true => Some(until.as_second()),
                false => self.due_at,
            },
            ..self.clone()
        }
    }

    /// What it is by what Stripe says of its subscription now; `applied_at` is when somebody has called it off
    /// here, `is_charging` whether an invoice of it is yet to be sent.
    ///
    /// # Errors
    /// `internal_server_error` when the subscription is to nothing.
    pub fn seen(
        &self,
        subscription: &Subscription,
        pending: Option<PendingSeats>,
        applied_at: Option<Timestamp>,
        is_charging: bool,
        now: Timestamp,
    ) -> Result<Self> {
        let item = subscription.item()?;
        let count = |quantity: u64| u32::try_from(quantity).unwrap_or(u32::MAX);
        let quantity = count(item.quantity);
        let lowering = self.lowering;
        let called_off = || {
            applied_at
                .or(self.cancel_applied_at)
                .or(subscription.canceled_at)
        };
        let mut seen = Self {
            quantity,
            status: LicenseStatus::from(&subscription.status),
            subscription: Some(subscription.id.clone()),
            current_period_end: Some(item.period.end),
            cancel_applied_at: subscription
                .ends_at()
                .map(|ends_at| called_off().unwrap_or(ends_at)),
            pending: pending.map(|pending| Pending {
                quantity: count(pending.quantity),
                url: pending.url,
                expires_at: pending.expires_at,
            }),
            lowering: lowering.filter(|it| now < it.until && it.quantity < quantity),
            ..self.clone()
        };
        let next = seen.next_look(is_charging, now).map(Timestamp::as_second);
        // What is to be looked at earlier stays so.
        let kept = self.due_at.filter(|due_at| *due_at > now.as_second());
        seen.due_at = next.map(|next| kept.map_or(next, |kept| kept.min(next)));
        Ok(seen)
    }

    /// When Stripe is asked about it again.
    fn next_look(&self, is_charging: bool, now: Timestamp) -> Option<Timestamp> {
        let daily = now + DAILY;
        let pending = self.pending.as_ref();
        let expected = pending.map(|pending| pending.expires_at.min(daily));
        let lowering = self.lowering.map(|lowering| lowering.until);
        match self.status {
            LicenseStatus::Checkout | LicenseStatus::Canceled => None,
            LicenseStatus::PastDue | LicenseStatus::Unpaid => Some(daily),
            LicenseStatus::Active => {
                let renewed = self.current_period_end.unwrap_or(now).max(now) + AFTER_PERIOD;
                let charged = is_charging.then(|| now + AFTER_PERIOD);
                let all = [Some(renewed), expected, lowering, charged];
                all.into_iter().flatten().min()
            }
        }
        .map(|at| at.max(now + SignedDuration::from_secs(60)))
    }
}

/// More seats, which count once they are paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PendingQuantity {
    /// How many there would be.
    #[schema(example = 10)]
    pub quantity: u32,
    /// Where they are paid for.
    #[schema(
        required,
        format = "uri",
        example = "https://invoice.stripe.com/i/acct_1/test_1"
    )]
    pub url: Option<String>,
    /// Until when, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-21 13:00:00")]
    pub expires_at: Timestamp,
}

/// A licence as it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = License)]
pub struct ShownLicense {
    /// Which.
    pub id: PaymentId,
    /// When it was asked for, at universal time.
    #[serde(serialize_with = "time::serialize")]
    #[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]
    pub created_at: Timestamp,
    /// Which plan.
    #[schema(example = 1)]
    pub plan_id: u32,
    /// How many seats.
    #[schema(example = 5)]
    pub quantity: u32,
    /// Where it stands.
    pub status: LicenseStatus,
    /// When it was called off, at universal time; it ends with the period then.
    #[serde(serialize_with = "time::serialize_option")]
    #[schema(required, value_type = Option<String>, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-25 14:00:00")]
    pub cancel_applied_at: Option<Timestamp>,
    /// When the present period ends, at universal time.
    #[serde(serialize_with = "time::serialize_option")]
    #[schema(required, value_type = Option<String>, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-12-20 14:00:00")]
    pub current_period_end: Option<Timestamp>,
    /// More seats, if there are some that count once they are paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pending: Option<PendingQuantity>,
}

impl From<License> for ShownLicense {
    fn from(license: License) -> Self {
        let quantity = match license.lowering {
            Some(lowering) => lowering.quantity,
            None => license.quantity,
        };
        let pending = license.pending.map(|pending| PendingQuantity {
            quantity: pending.quantity,
            url: pending.url,
            expires_at: pending.expires_at,
        });
        Self {
            id: license.license_id,
            created_at: license.created_at,
            plan_id: license.plan_id,
            quantity,
            status: license.status,
            cancel_applied_at: license.cancel_applied_at,
            current_period_end: license.current_period_end,
            pending,
        }
    }
}

/// A licence in an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LicenseResponse {
    /// It.
    pub license: ShownLicense,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Test = Result<(), Box<dyn std::error::Error>>;

    const NOW: i64 = 1_000_000;
    const END: i64 = NOW + 20 * 86_400;

    fn license() -> Result<License, Box<dyn std::error::Error>> {
        Ok(License {
            license_id: "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51".parse()?,
            created_at: Timestamp::from_second(0)?,
            plan_id: 1,
            price: "price_1".to_owned(),
            unit_amount: 1_000,
            currency: "jpy".to_owned(),
            seconds_per_seat: 36_000,
            quantity: 5,
            status: LicenseStatus::Checkout,
            subscription: None,
            current_period_end: None,
            cancel_applied_at: None,
            pending: None,
            lowering: None,
            due_at: None,
        })
    }

    /// What a licence of five seats is when Stripe says that its subscription is so.
    fn seen(of: &License, status: &str, now: i64) -> Result<License, Box<dyn std::error::Error>> {
        let subscription: Subscription = serde_json::from_value(json!({
            "id": "sub_1", "status": status, "customer": "cus_1", "cancel_at_period_end": false,
            "items": {"data": [{
                "id": "si_1", "price": {"id": "price_1"}, "quantity": 5,
                "current_period_start": 0, "current_period_end": END,
            }]},
        }))?;
        let now = Timestamp::from_second(now)?;
        Ok(of.seen(&subscription, None, None, false, now)?)
    }

    #[test]
    fn it_is_looked_after_an_hour_after_its_period_and_daily_while_it_is_not_paid() -> Test {
        let active = seen(&license()?, "active", NOW)?;
        assert_eq!((active.seats(), active.due_at), (5, Some(END + 3_600)));
        let late = seen(&active, "active", END + 7_200)?;
        assert_eq!(late.due_at, Some(END + 10_800));
        let past_due = seen(&active, "past_due", END + 7_200)?;
        let daily = Some(END + 7_200 + 86_400);
        assert_eq!((past_due.seats(), past_due.due_at), (5, daily));
        assert_eq!(seen(&past_due, "past_due", END + 8_000)?.due_at, daily);
        let unpaid = seen(&active, "unpaid", END + 7_200)?;
        assert_eq!((unpaid.seats(), unpaid.due_at), (0, daily));
        let ended = seen(&past_due, "canceled", END + 9_000)?;
        assert_eq!((ended.seats(), ended.due_at), (0, None));
        Ok(())
    }

    #[test]
    fn fewer_seats_count_before_stripe_has_them_and_no_longer_than_that_takes() -> Test {
        let active = seen(&license()?, "active", NOW)?;
        let asked = active.asked(2, Timestamp::from_second(NOW)?);
        assert_eq!((asked.seats(), asked.due_at), (2, Some(NOW + 300)));
        assert_eq!(seen(&asked, "active", NOW + 299)?.seats(), 2);
        assert_eq!(seen(&asked, "active", NOW + 300)?.seats(), 5);
        let again = asked.asked(5, Timestamp::from_second(NOW)?);
        assert_eq!(again.seats(), 5);
        Ok(())
    }
}
