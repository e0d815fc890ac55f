//! Following Stripe: what it says of a subscription now is what its organisation's licence, seats, seconds and
//! invoices become, whatever told us to ask. So events may come in any order, any number of times or never: the
//! sweep asks too. What Stripe says is asked for after the organisation was read and written under its version, so
//! that nothing older takes the place of something newer.

use enishi_shared::{
    App, Error, Result,
    payments::{self, Payment, PaymentRef, Product, State, subscription},
    store::{Outcome, Race, Table, Transaction},
    stripe::{self, Invoice, InvoiceStatus, Subscription},
};
use jiff::Timestamp;

use crate::{
    grants,
    invoices::{self, PaymentStatus, StoredInvoice},
    licensing::{self, License, LicenseStatus},
    organization::{self, Organization, OrganizationId, table},
    seconds::{self, Grant},
};

/// Invoices that are kept in one transaction, beside the organisation and its seconds.
const AT_ONCE: usize = 50;

/// Makes an organisation's licence, its seats, seconds and invoices what Stripe says of a subscription now;
/// `applied_at` is when somebody has called it off here. Answers the organisation; none if the subscription is not
/// its licence. For each grant, mostly none or one: the organisation, the invoices and the change; 2 requests to
/// Stripe, one more for pending seats.
///
/// # Errors
/// `service_unavailable` when somebody does not answer.
pub async fn follow(
    app: &App,
    payment_ref: PaymentRef,
    subscription_id: &str,
    applied_at: Option<Timestamp>,
) -> Result<Option<Organization>> {
    let orgs = table(app)?;
    let organization_id = licensing::organization_of(payment_ref.payer)?;
    let mut race = Race::new(app);
    loop {
        let Some(before) = organization::find(&orgs, organization_id).await? else {
            return Ok(None);
        };
        let license = before.license.clone();
        let Some(license) = license.filter(|it| it.license_id == payment_ref.payment_id) else {
            return Ok(None);
        };
        let (present, sent) = ask(app, subscription_id).await?;
        let pending = subscription::pending(app, &present).await?;
        let is_charging = sent.iter().any(|it| it.status == InvoiceStatus::Draft);
        let license = license.seen(&present, pending, applied_at, is_charging, app.now())?;
        let known = invoices::known(&orgs, organization_id, &sent).await?;
        let step = Step::next(&before, license, &sent, |invoice| known.get(&invoice.id));
        if step.is_nothing(&before) {
            return Ok(Some(before));
        }
        match step.write(app, &orgs, &before).await? {
            Some(after) if step.is_last => return Ok(Some(after)),
            Some(_) => {}
            None => race.lost().await?,
        }
    }
}

/// A subscription and its invoices, the oldest first, as they are now. Two requests to Stripe.
async fn ask(app: &App, subscription_id: &str) -> Result<(Subscription, Vec<Invoice>)> {
    let stripe = stripe::client(app);
    let present = stripe.subscription(subscription_id).await?;
    let mut sent = stripe
        .invoices_of(subscription_id, Timestamp::UNIX_EPOCH)
        .await?;
    sent.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    Ok((present, sent))
}

/// What is written in one transaction.
struct Step {
    after: Organization,
    invoices: Vec<StoredInvoice>,
    /// Whether nothing is left then.
    is_last: bool,
}

impl Step {
    /// What there is to be done of an organisation whose licence is now so: one grant at the most.
    fn next<'a>(
        before: &Organization,
        license: License,
        sent: &[Invoice],
        known: impl Fn(&Invoice) -> Option<&'a StoredInvoice>,
    ) -> Self {
        let mut step = Self {
            after: before.clone(),
            invoices: Vec::new(),
            is_last: true,
        };
        let is_over = license.status == LicenseStatus::Canceled;
        for invoice in sent {
            let known = known(invoice);
            let Some(mut now) = StoredInvoice::of(invoice, known) else {
                continue;
            };
            if now.status == PaymentStatus::Paid && now.granted.is_none() {
                let is_due = !is_over && grants::is_due(invoice, before.grant.until);
                let whole = grants::whole(invoice, sent).filter(|_| is_due);
                let seconds = whole.map(|whole| {
                    let seconds = grants::seconds(invoice, whole, license.seconds_per_seat);
                    step.after.grant = before.grant.with(license.license_id, whole.end, seconds);
                    seconds
                });
                now.granted = Some(seconds.unwrap_or_default());
            }
            let is_granted = step.after.grant != before.grant;
            if known != Some(&now) {
                step.invoices.push(now);
            }
            if is_granted || step.invoices.len() == AT_ONCE {
                step.is_last = false;
                break;
            }
        }
        if is_over && step.is_last {
            step.after.grant = Grant::ended(license.license_id);
        }
        step.after.seats = license.seats();
        step.after.license = Some(license);
        step
    }

    fn is_nothing(&self, before: &Organization) -> bool {
        self.invoices.is_empty() && self.after == *before
    }

    /// `None`: something has changed meanwhile.
    async fn write(
        &self,
        app: &App,
        orgs: &Table,
        before: &Organization,
    ) -> Result<Option<Organization>> {
        let mut after = self.after.clone();
        let mut tx = Transaction::new(app);
        after.replace(&mut tx, orgs, before)?;
        seconds::follow(&mut tx, Some(before), &after)?;
        licensing::follow_due(&mut tx, orgs, before, Some(&after))?;
        for invoice in &self.invoices {
            invoice.put(&mut tx, orgs, before.organization_id)?;
        }
        match tx.commit().await? {
            Outcome::Done => Ok(Some(after)),
            Outcome::Refused(_) => Ok(None),
        }
    }
}

/// Ends a subscription that is not its organisation's licence ([`follow`]): one that was paid beside another or after
/// the organisation was closed is given back, one that was the licence of an organisation that is closed is not. Two
/// requests, and five for each invoice that is given back.
///
/// # Errors
/// `service_unavailable` when somebody does not answer; `conflict` while a payment that is to be given back is
/// disputed.
pub async fn refuse(app: &App, payment_ref: PaymentRef, subscription_id: &str) -> Result<()> {
    let orgs = table(app)?;
    let organization_id = licensing::organization_of(payment_ref.payer)?;
    let (present, sent) = ask(app, subscription_id).await?;
    let known = invoices::known(&orgs, organization_id, &sent).await?;
    let was_given = known.values().any(|invoice| invoice.granted.is_some());
    let is_given_back =
        |invoice: &StoredInvoice| was_given || invoice.status != PaymentStatus::Paid;
    let now = sent
        .iter()
        .filter_map(|invoice| StoredInvoice::of(invoice, known.get(&invoice.id)));
    let mut now: Vec<StoredInvoice> = now.collect();
    if !now.iter().all(is_given_back) {
        subscription::end_and_refund(app, &present.id).await?;
        let paid = |invoice: &&mut StoredInvoice| invoice.status == PaymentStatus::Paid;
        for invoice in now.iter_mut().filter(paid) {
            invoice.status = PaymentStatus::Refunded;
        }
    } else if !present.status.is_final() {
        subscription::end(app, &present.id).await?;
    }
    now.retain(|invoice| known.get(&invoice.invoice) != Some(invoice));
    for invoices in now.chunks(AT_ONCE) {
        let mut tx = Transaction::new(app);
        for invoice in invoices {
            invoice.put(&mut tx, &orgs, organization_id)?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// The subscription that a licence's payment has begun, once it is paid. One that cannot be paid any more makes room
/// for another, with 2 requests. Further periods are Stripe's to tell of.
///
/// # Errors
/// As [`follow`].
pub async fn begun(app: &App, payment: &Payment) -> Result<Option<String>> {
    match payment.state {
        _ if matches!(payment.product, Product::Renewal(_)) => Ok(None),
        State::Pending | State::Processing => Ok(None),
        State::Expired | State::Failed => {
            forget(app, payment.payment_ref()).await?;
            Ok(None)
        }
        State::Settled | State::PartiallyRefunded | State::Refunded => {
            let begun = payment.stripe.subscription.clone();
            begun
                .map(Some)
                .ok_or_else(|| Error::internal("a licence's payment has begun none"))
        }
    }
}

/// Takes away what was asked for and not paid.
async fn forget(app: &App, payment_ref: PaymentRef) -> Result<()> {
    let orgs = table(app)?;
    let organization_id = licensing::organization_of(payment_ref.payer)?;
    let mut race = Race::new(app);
    loop {
        let Some(before) = organization::find(&orgs, organization_id).await? else {
            return Ok(());
        };
        let unpaid = |it: &License| {
            it.license_id == payment_ref.payment_id && it.status == LicenseStatus::Checkout
        };
        if !before.license.as_ref().is_some_and(unpaid) {
            return Ok(());
        }
        let mut after = before.clone();
        after.license = None;
        let mut tx = Transaction::new(app);
        after.replace(&mut tx, &orgs, &before)?;
        licensing::follow_due(&mut tx, &orgs, &before, Some(&after))?;
        match tx.commit().await? {
            Outcome::Done => return Ok(()),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// Looks after a licence: asks Stripe how it stands, or the ledger whether it was paid.
///
/// # Errors
/// As [`follow`].
pub async fn look(app: &App, organization_id: OrganizationId) -> Result<()> {
    let organization = organization::find(&table(app)?, organization_id).await?;
    let Some(license) = organization.and_then(|it| it.license) else {
        return Ok(());
    };
    let payment_ref = license.payment_ref(organization_id);
    let its = match license.subscription {
        Some(its) => Some(its),
        None => begun(app, &payments::find(app, payment_ref).await?).await?,
    };
    if let Some(its) = its {
        follow(app, payment_ref, &its, None).await?;
    }
    Ok(())
}
