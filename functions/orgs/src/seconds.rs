//! Seconds of detection: what an organisation was granted for a period, what it has left of that, and who has
//! spent it. At first it has the free allowance; with a licence what paid invoices grant ([`crate::grants`]).
//! Another period's grant, or the licence's end, takes away what is left of the one before.

use enishi_shared::{
    App, Result, UserId,
    app::{ConfigError, Configure, Env},
    events::{MailRequested, Recipient, announce},
    payments::PaymentId,
    reserve::Reserve,
    store::{Change, Key, Outcome, Table, Transaction, decode, when},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    letters,
    list::List,
    organization::{Organization, OrganizationId, table},
};

/// Enough for a hundred projects a second of one organisation.
const BUCKETS: usize = 10;
/// The period of the free allowance.
const FREE: &str = "FREE";
/// How long it is known after a period's end who has spent what of it: longer than a licence can be past due.
const KEPT: SignedDuration = SignedDuration::from_hours(100 * 24);
/// At how many percent an organisation's admins are told what is spent.
const TOLD_AT: [u64; 2] = [100, 80];
/// The most admins that are told: a letter each, in one transaction.
const MOST_TOLD: usize = 50;

/// `ORG_FREE_SECONDS`: the seconds that a new organisation has, 0 unless told.
pub struct FreeSeconds(pub u32);

impl Configure for FreeSeconds {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.parsed("ORG_FREE_SECONDS", 0)?))
    }
}

/// What an organisation was granted last; it lies in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// For which period. What is left of it, and who has spent it, lie under this name.
    pub period: String,
    /// When the period ends; the free allowance has no end.
    pub until: Option<Timestamp>,
    /// How many seconds, all grants of the period together.
    pub seconds: u32,
}

impl Grant {
    /// The free allowance of a new organisation.
    pub fn free(seconds: u32) -> Self {
        Self {
            period: FREE.to_owned(),
            until: None,
            seconds,
        }
    }

    /// What there is after a licence's end.
    pub fn ended(license_id: PaymentId) -> Self {
        Self {
            period: format!("{license_id}#ENDED"),
            until: None,
            seconds: 0,
        }
    }

    /// With so many more for a licence's period that ends at `until`: beside what there is for the same one,
    /// in the place of what there is for another.
    #[must_use]
    pub fn with(&self, license_id: PaymentId, until: Timestamp, seconds: u32) -> Self {
        let period = format!("{license_id}#{}", until.as_second());
        let before = match self.period == period {
            true => self.seconds,
            false => 0,
        };
        Self {
            period,
            until: Some(until),
            seconds: before.saturating_add(seconds),
        }
    }
}

/// What a member has spent in a period, as it lies in the table.
#[derive(Deserialize)]
pub struct Spent {
    /// Who.
    pub user_id: UserId,
    /// How many seconds.
    pub seconds: u64,
}

/// Where an organisation stands in a period, in seconds.
pub struct Usage {
    /// What was spent.
    pub used: u64,
    /// What is left.
    pub left: u64,
    /// What the caller has spent of it.
    pub own: Option<Spent>,
}

/// How much of a grant its organisation's admins were told to be spent, as it lies in the table.
#[derive(Serialize, Deserialize)]
struct Told {
    percent: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

/// The partition of a period's grant, but for its buckets.
fn partition(organization_id: OrganizationId, period: &str) -> String {
    format!("SECONDS#{organization_id}#{period}")
}

fn ttl(grant: &Grant) -> Option<i64> {
    grant.until.map(|until| (until + KEPT).as_second())
}

/// What an organisation has left.
///
/// # Errors
/// `internal_server_error` when the table is not configured.
pub fn reserve(app: &App, organization: &Organization) -> Result<Reserve> {
    let key = Key::new(
        partition(organization.organization_id, &organization.grant.period),
        "SECONDS",
    );
    Reserve::new(app, &table(app)?, &key, BUCKETS)
}

/// Makes of what an organisation had left what it has `after` a change, in the transaction of that: a part for
/// each bucket, twice as many where another period begins.
///
/// # Errors
/// `internal_server_error` when the table is not configured.
pub fn follow(
    tx: &mut Transaction,
    before: Option<&Organization>,
    after: &Organization,
) -> Result<()> {
    let app = tx.app().clone();
    let mut granted = after.grant.seconds;
    if let Some(before) = before {
        if before.grant.period == after.grant.period {
            granted = granted.saturating_sub(before.grant.seconds);
        } else {
            reserve(&app, before)?.delete(tx);
        }
    }
    reserve(&app, after)?.add(tx, granted);
    Ok(())
}

/// Notes who spends, in the transaction that takes as much from what is left.
pub fn spend(
    tx: &mut Transaction,
    table: &Table,
    organization: &Organization,
    caller: &Caller,
    seconds: u32,
) {
    let mut spent = Change::new().set("user_id", caller.user_id);
    if let Some(ttl) = ttl(&organization.grant) {
        spent = spent.set("ttl", ttl);
    }
    let spent = spent.add("seconds", seconds.into());
    tx.update(table, spent_key(organization, caller), spent);
}

fn spent_key(organization: &Organization, caller: &Caller) -> Key {
    let by_member = by_member(organization);
    Key::new(by_member.pk, caller.user_id.to_string())
}

/// The list of what each member has [`Spent`], those who have left among them.
pub fn by_member(organization: &Organization) -> List {
    spent_in(organization.organization_id, &organization.grant.period)
}

fn spent_in(organization_id: OrganizationId, period: &str) -> List {
    List {
        pk: format!("SPENT#{organization_id}#{period}"),
        prefix: "",
    }
}

/// The seconds that are left. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn left(app: &App, organization: &Organization) -> Result<u64> {
    reserve(app, organization)?.left().await
}

/// Where a caller's organisation stands. One request.
///
/// # Errors
/// As [`left`].
pub async fn usage(app: &App, organization: &Organization, caller: &Caller) -> Result<Usage> {
    let reserve = reserve(app, organization)?;
    let own = spent_key(organization, caller);
    let mut keys = reserve.keys();
    keys.push(own.clone());
    let mut found = table(app)?.batch_get(&keys).await?;
    let left = reserve.left_in(&mut found)?;
    Ok(Usage {
        used: u64::from(organization.grant.seconds).saturating_sub(left),
        left,
        own: found.remove(&own).map(decode).transpose()?,
    })
}

/// Tells an organisation's admins when 80 % of what it was granted is spent, and when all is: once each. To be
/// asked after whatever spends. One request; one more when there is something to tell.
///
/// # Errors
/// As [`left`].
pub async fn tell(app: &App, organization: &Organization) -> Result<()> {
    let (table, reserve) = (table(app)?, reserve(app, organization)?);
    let granted = u64::from(organization.grant.seconds);
    // More that is granted is told of anew.
    let told_key = Key::new(
        partition(organization.organization_id, &organization.grant.period),
        format!("TOLD#{granted}"),
    );
    let mut keys = reserve.keys();
    keys.push(told_key.clone());
    let mut found = table.batch_get(&keys).await?;
    let left = reserve.left_in(&mut found)?;
    let told: Option<Told> = found.remove(&told_key).map(decode).transpose()?;
    let told = told.map_or(0, |told| told.percent);
    let spent = granted.saturating_sub(left);
    let reached = TOLD_AT
        .into_iter()
        .find(|percent| granted > 0 && spent * 100 >= granted * percent);
    let Some(percent) = reached.filter(|percent| told < *percent) else {
        return Ok(());
    };
    let mut tx = Transaction::new(app);
    let ttl = ttl(&organization.grant);
    let still = when().absent("pk").or(when().lt("percent", percent));
    tx.replace(&table, told_key, &Told { percent, ttl }, still)?;
    for admin in organization.admins.iter().take(MOST_TOLD) {
        let letter = MailRequested {
            to: Recipient::UserId(*admin),
            letter: letters::spent(&organization.company_name, percent, granted),
        };
        announce(&mut tx, &table, letter)?;
    }
    match tx.commit().await? {
        // Somebody else has told them.
        Outcome::Done | Outcome::Refused(_) => Ok(()),
    }
}

/// Erases what is not deleted with a closed organisation: who has spent what of its free allowance and of its
/// last period, and what its admins were told. What is older goes by itself.
///
/// # Errors
/// As [`left`]; what is erased again does no harm.
pub async fn erase(app: &App, organization_id: OrganizationId, period: &str) -> Result<()> {
    let table = table(app)?;
    let last = Some(period).filter(|period| *period != FREE);
    for period in [Some(FREE), last].into_iter().flatten() {
        let spent = spent_in(organization_id, period);
        table.delete_all(&spent.pk, "").await?;
        let told = partition(organization_id, period);
        table.delete_all(&told, "").await?;
    }
    Ok(())
}

/// The period that an event of a closed organisation names, if it names none.
pub fn free() -> String {
    FREE.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_takes_the_place_of_the_one_before_and_adds_up_in_itself()
    -> Result<(), Box<dyn std::error::Error>> {
        let id: PaymentId = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51".parse()?;
        let (march, april) = (
            "2027-03-31T08:00:00Z".parse()?,
            "2027-04-30T08:00:00Z".parse()?,
        );
        let free = Grant::free(600);
        let first = free.with(id, march, 36_000);
        assert_eq!((first.seconds, first.until), (36_000, Some(march)));
        assert_eq!(first.with(id, march, 50).seconds, 36_050);
        assert_eq!(first.with(id, april, 50).seconds, 50);
        assert_eq!(Grant::ended(id).seconds, 0);
        Ok(())
    }
}
