//! What of somebody's orders the next purchase depends on: the one that is open, the one whose slip is out,
//! and those that were never paid for. An attribute each, which an order's steps change without reading them.

use std::collections::BTreeMap;

use enishi_shared::{
    UserId,
    store::{Change, Key, Part, Table, Transaction, when},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{OrderId, StoredOrder, state::Sale};

/// The most orders that are not paid for, in [`WINDOW`].
const MOST_UNPAID: usize = 3;
/// For so long one counts.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// What has become of an order that is not paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unpaid {
    /// It can be paid for.
    Open,
    /// Its slip is out.
    Slip,
    /// It came to nothing.
    Over,
}

/// Somebody's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purchases {
    orders: BTreeMap<OrderId, Unpaid>,
    /// Raised by each purchase.
    version: u32,
}

/// Where somebody's lie.
pub fn purchases_key(user_id: UserId) -> Key {
    Key::new(format!("USER#{user_id}"), "PURCHASES")
}

/// As they lie there: an order is an attribute of that name.
#[derive(Deserialize)]
struct Stored {
    version: u32,
    #[serde(flatten)]
    attributes: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for Purchases {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let order = |(name, unpaid): (String, String)| {
            let unpaid = match &*unpaid {
                "open" => Unpaid::Open,
                "slip" => Unpaid::Slip,
                "over" => Unpaid::Over,
                _ => return None,
            };
            Some((name.parse().ok()?, unpaid))
        };
        Ok(Self {
            orders: stored.attributes.into_iter().filter_map(order).collect(),
            version: stored.version,
        })
    }
}

/// Until when an order counts that was not paid for.
fn counts_until(id: OrderId) -> Option<Timestamp> {
    let (seconds, nanos) = Uuid::get_timestamp(&id.0)?.to_unix();
    let made = Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?);
    Some(made.ok()? + WINDOW)
}

impl Purchases {
    /// The order that can be paid for.
    pub fn open(&self) -> Option<OrderId> {
        self.first(Unpaid::Open)
    }

    /// The order whose slip is out.
    pub fn slip(&self) -> Option<OrderId> {
        self.first(Unpaid::Slip)
    }

    fn first(&self, what: Unpaid) -> Option<OrderId> {
        let mut orders = self.orders.iter();
        orders.find_map(|(id, unpaid)| (*unpaid == what).then_some(*id))
    }

    /// For how many seconds nothing more can be bought, because too much was not paid for.
    pub fn waits(&self, now: Timestamp) -> Option<u32> {
        let until = self.orders.keys().filter_map(|id| counts_until(*id));
        let mut until: Vec<Timestamp> = until.filter(|until| *until > now).collect();
        until.sort_unstable();
        let frees = until.len().checked_sub(MOST_UNPAID)?;
        let seconds = until.get(frees)?.as_second() - now.as_second();
        u32::try_from(seconds + 1).ok()
    }

    /// Notes a new order; refused where another one was faster.
    pub fn begin(&self, tx: &mut Transaction, table: &Table, order: &StoredOrder) -> Part<Self> {
        let now = tx.app().now();
        let as_read = match self.version {
            0 => when().absent("version"),
            version => when().eq("version", version),
        };
        let change = Change::new()
            .set("version", self.version + 1)
            .set(&*order.order_id.to_string(), Unpaid::Open)
            .when(as_read);
        let is_old = |id: OrderId| counts_until(id).is_none_or(|until| until <= now);
        let old = self.orders.iter();
        let old = old.filter(|(id, unpaid)| **unpaid == Unpaid::Over && is_old(**id));
        let change = old.fold(change, |change, (id, _)| change.remove(&*id.to_string()));
        tx.update(table, purchases_key(order.user_id), change).of()
    }
}

/// Notes what has become of an order, if that matters here.
pub fn follow(tx: &mut Transaction, table: &Table, before: &StoredOrder, after: &StoredOrder) {
    let name = &*after.order_id.to_string();
    let change = match (before.order.sale, after.order.sale) {
        (before, after) if before == after => return,
        (_, Sale::Slip) => Change::new().set(name, Unpaid::Slip),
        (_, Sale::Sold) => Change::new().remove(name),
        (Sale::Open | Sale::Slip, _) => Change::new().set(name, Unpaid::Over),
        _ => return,
    };
    tx.update(table, purchases_key(after.user_id), change);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An order's id that was made so many hours before the end of [`WINDOW`] after `now`.
    fn id(now: Timestamp, hours_ago: i64, digit: u8) -> OrderId {
        let at = now - SignedDuration::from_hours(hours_ago);
        let millis = u64::try_from(at.as_millisecond()).unwrap();
        OrderId(uuid::Builder::from_unix_timestamp_millis(millis, &[digit; 10]).into_uuid())
    }

    fn purchases(orders: &[(OrderId, Unpaid)]) -> Purchases {
        Purchases {
            orders: orders.iter().copied().collect(),
            version: 1,
        }
    }

    #[test]
    fn a_fourth_unpaid_order_of_a_day_waits_until_the_first_is_a_day_old() {
        let now = Timestamp::constant(1_795_172_400, 0);
        let ago = |hours, digit| (id(now, hours, digit), Unpaid::Over);
        assert_eq!(purchases(&[]).waits(now), None);
        assert_eq!(purchases(&[ago(1, 0), ago(2, 0)]).waits(now), None);
        assert_eq!(
            purchases(&[ago(1, 0), ago(2, 0), ago(25, 0), ago(24, 0)]).waits(now),
            None
        );
        let three = [ago(1, 0), (id(now, 2, 0), Unpaid::Slip), ago(22, 0)];
        assert_eq!(purchases(&three).waits(now), Some(2 * 3600 + 1));
        let later = now + SignedDuration::from_secs(2 * 3600);
        assert_eq!(purchases(&three).waits(later), None);
    }

    #[test]
    fn what_lies_beside_the_orders_is_left_out() {
        let now = Timestamp::constant(1_795_172_400, 0);
        let order = id(now, 1, 0);
        let mut item = enishi_shared::store::Item::new();
        for (name, value) in [("pk", "USER#x"), ("sk", "PURCHASES"), ("write_id", "open")] {
            item.insert(name.into(), enishi_shared::store::s(value));
        }
        item.insert("version".into(), enishi_shared::store::n(3));
        item.insert(order.to_string(), enishi_shared::store::s("open"));
        let read: Purchases = enishi_shared::store::decode(item).unwrap();
        assert_eq!(
            (read.open(), read.slip(), read.version),
            (Some(order), None, 3)
        );
    }
}
