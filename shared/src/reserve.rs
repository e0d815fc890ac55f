//! What can be counted down: stock, seats, seconds. It lies in buckets that hold what is left, so that
//! many may take at once without waiting for one another. Whoever takes does so in the transaction of
//! whatever it is for: never is more taken than there was, nothing taken is lost, and nobody is refused
//! while all buckets together hold enough.
//!
//! ```ignore
//! let stock = Reserve::new(&app, &table, item.stock_key(), 10)?;
//! let mut taking = stock.taking(3);
//! loop {
//!     let mut tx = Transaction::new(&app);
//!     let taken = taking.take(&mut tx);
//!     let order = tx.create(&table, order_key(id), &Order { taken, status: Status::Open })?;
//!     match tx.commit().await? {
//!         Outcome::Done => return Ok(()),
//!         Outcome::Refused(refused) if refused.is(order) => return Err(already_ordered()),
//!         Outcome::Refused(refused) => match taking.after(&refused).await? {
//!             Next::Again => {}
//!             Next::Short { left } => return Err(sold_out(left)),
//!         },
//!     }
//! }
//! ```
//!
//! What was [`Taken`] is stored with whatever it was taken for, and goes back in the transaction that
//! ends that, whose condition holds once:
//!
//! ```ignore
//! let mut tx = Transaction::new(&app);
//! let cancel = Change::new().set("status", Status::Cancelled);
//! tx.update(&table, order_key(id), cancel.when(when().eq("status", Status::Open)));
//! stock.give_back(&mut tx, &order.taken);
//! tx.commit().await?;
//! ```
//!
//! Several things are taken in one transaction with a [`Taking`] each; after a refusal each is asked
//! what is [next](Taking::after).
//!
//! A taking is one transaction while a bucket drawn at random has enough; where it has not, two
//! requests more: a reading of all buckets, and the transaction that takes from several if it has to.
//! What is not there is refused after three requests. Needs `dynamodb:UpdateItem`, `BatchGetItem` and
//! `GetItem`, and `ConditionCheckItem` for [`Reserve::check`].
//!
//! DynamoDB takes some 500 transactions a second on one item: ten buckets are enough for 5,000, and the
//! more there are, the sooner one of them is empty.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::Error,
    store::{Change, Item, Key, Part, Race, Refused, Table, Transaction, decode, when},
};

const LEFT: &str = "left";
/// Half of the parts that a transaction can have.
const MOST: usize = 50;

/// A countable thing.
#[derive(Clone)]
pub struct Reserve {
    app: App,
    table: Table,
    key: Key,
    buckets: usize,
}

/// What was taken, or is about to be: from which buckets, and how much of each. To be stored until it is
/// given back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken(Vec<(usize, u32)>);

impl Taken {
    /// How much it is in all.
    pub fn quantity(&self) -> u32 {
        self.0.iter().map(|(_, quantity)| quantity).sum()
    }
}

/// How much there was in each bucket.
#[derive(Clone, Debug)]
pub struct Levels(Vec<u64>);

impl Levels {
    /// How much that is in all.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

#[derive(Deserialize)]
struct Bucket {
    left: u64,
}

impl Reserve {
    /// The one that lies at `key` in a table, in so many buckets, 1 to 50. There may be more than
    /// before, never fewer: what lies in the others would not be found. A bucket's partition key is that
    /// of `key` with the bucket's number.
    ///
    /// # Errors
    /// `internal_server_error` with another number of buckets.
    pub fn new(app: &App, table: &Table, key: &Key, buckets: usize) -> Result<Self, Error> {
        if !(1..=MOST).contains(&buckets) {
            return Err(Error::internal("a reserve has 1 to 50 buckets"));
        }
        Ok(Self {
            app: app.clone(),
            table: table.clone(),
            key: key.clone(),
            buckets,
        })
    }

    /// Puts more into the reserve, in equal shares. As many parts of the transaction as there are
    /// buckets; another part is to see to it that it happens once.
    pub fn add(&self, tx: &mut Transaction, quantity: u32) {
        let first = self.any();
        for nth in 0..self.buckets {
            // Rounded up for the first ones, so that all shares together are the quantity.
            let share = (quantity as usize + self.buckets - 1 - nth) / self.buckets;
            if share > 0 {
                self.put(tx, (first + nth) % self.buckets, share as i64);
            }
        }
    }

    /// Puts what was taken where it was taken from. As many parts of the transaction as buckets had been
    /// taken from; another part is to see to it that it happens once.
    pub fn give_back(&self, tx: &mut Transaction, taken: &Taken) {
        for (bucket, quantity) in &taken.0 {
            self.put(tx, *bucket, i64::from(*quantity));
        }
    }

    fn put(&self, tx: &mut Transaction, bucket: usize, quantity: i64) {
        let change = Change::new().add(LEFT, quantity);
        tx.update(&self.table, self.bucket(bucket), change);
    }

    fn bucket(&self, number: usize) -> Key {
        Key::new(format!("{}#{number}", self.key.pk), &self.key.sk)
    }

    /// Where its buckets lie, to be read together with something else.
    pub fn keys(&self) -> Vec<Key> {
        (0..self.buckets)
            .map(|number| self.bucket(number))
            .collect()
    }

    /// How much is left. One request. The buckets are read one by one: what others move meanwhile may
    /// be counted or not.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn left(&self) -> Result<u64, Error> {
        Ok(self.read().await?.iter().sum())
    }

    /// How much is left, of buckets that were read at their [`Self::keys`]; these are taken out of `items`.
    ///
    /// # Errors
    /// `internal_server_error` when one of them is no bucket.
    pub fn left_in(&self, items: &mut HashMap<Key, Item>) -> Result<u64, Error> {
        Ok(self.contents(items)?.iter().sum())
    }

    /// How much is left in each bucket, for [`Self::check`]. One request, of which the same holds as of
    /// [`Self::left`].
    ///
    /// # Errors
    /// As [`Self::left`].
    pub async fn levels(&self) -> Result<Levels, Error> {
        Ok(Levels(self.read().await?))
    }

    /// Writes nothing, but has the transaction refused where a bucket that was empty is not any more, or the
    /// other way round. As many parts as there are buckets.
    pub fn check(&self, tx: &mut Transaction, levels: &Levels) {
        for (key, left) in self.keys().into_iter().zip(&levels.0) {
            let as_read = match left {
                0 => when().absent(LEFT).or(when().le(LEFT, 0)),
                _ => when().gt(LEFT, 0),
            };
            tx.check(&self.table, key, as_read);
        }
    }

    /// Removes it, with all that is left. As many parts of the transaction as there are buckets.
    pub fn delete(&self, tx: &mut Transaction) {
        for key in self.keys() {
            tx.delete(&self.table, key);
        }
    }

    /// Begins to take so much.
    pub fn taking(&self, quantity: u32) -> Taking<'_> {
        Taking {
            reserve: self,
            quantity,
            next: match quantity {
                0 => Taken::default(),
                _ => Taken(vec![(self.any(), quantity)]),
            },
            parts: Vec::new(),
            race: None,
        }
    }

    /// A bucket, drawn at random.
    fn any(&self) -> usize {
        u32::from_le_bytes(self.app.random()) as usize % self.buckets
    }

    async fn read(&self) -> Result<Vec<u64>, Error> {
        self.contents(&mut self.table.batch_get(&self.keys()).await?)
    }

    fn contents(&self, items: &mut HashMap<Key, Item>) -> Result<Vec<u64>, Error> {
        let keys = self.keys().into_iter();
        let buckets = keys.map(|key| match items.remove(&key) {
            Some(item) => Ok(decode::<Bucket>(item)?.left),
            None => Ok(0),
        });
        buckets.collect()
    }
}

/// How much is left of several, in their order. One request for each 100 buckets of one table, of which the
/// same holds as of [`Reserve::left`].
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn left(reserves: &[Reserve]) -> Result<Vec<u64>, Error> {
    let keys: Vec<Key> = reserves.iter().flat_map(Reserve::keys).collect();
    let Some(first) = reserves.first() else {
        return Ok(Vec::new());
    };
    let mut found = first.table.batch_get_all(&keys).await?;
    let lefts = reserves.iter().map(|reserve| reserve.left_in(&mut found));
    lefts.collect()
}

/// A taking, through as many transactions as it needs.
#[must_use]
pub struct Taking<'a> {
    reserve: &'a Reserve,
    quantity: u32,
    /// What it takes next.
    next: Taken,
    /// The parts of the last transaction.
    parts: Vec<Part>,
    /// Since the buckets were read first.
    race: Option<Race<'a>>,
}

/// What is to be done after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another transaction, with [`Taking::take`].
    Again,
    /// Nothing: there was not enough.
    Short {
        /// What there was.
        left: u64,
    },
}

impl Taking<'_> {
    /// Adds the taking to a transaction. What it answers is to be stored by the same transaction.
    pub fn take(&mut self, tx: &mut Transaction) -> Taken {
        self.parts.clear();
        for (bucket, quantity) in &self.next.0 {
            let change = Change::new().add(LEFT, -i64::from(*quantity));
            let change = change.when(when().ge(LEFT, quantity));
            let key = self.reserve.bucket(*bucket);
            self.parts.push(tx.update(&self.reserve.table, key, change));
        }
        self.next.clone()
    }

    /// Whether the transaction was refused for this taking.
    pub fn is_refused(&self, refused: &Refused) -> bool {
        self.parts.iter().any(|part| refused.is(*part))
    }

    /// Sees what is to be done after the transaction was refused. Where it was refused for another part,
    /// that is for the caller to see; the taking can go on as it was.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer, or others were always faster.
    pub async fn after(&mut self, refused: &Refused) -> Result<Next, Error> {
        if !self.is_refused(refused) {
            return Ok(Next::Again);
        }
        match &mut self.race {
            // That a bucket drawn at random has not enough is no race.
            None => self.race = Some(Race::new(&self.reserve.app)),
            Some(race) => race.lost().await?,
        }
        let mut buckets = self.reserve.read().await?;
        if buckets.iter().sum::<u64>() < u64::from(self.quantity) {
            // Read one by one: what came back to one bucket and was taken from the next may be
            // missing in both. What there was at one moment decides.
            let mut snapshot = self.reserve.table.snapshot(&self.reserve.keys()).await?;
            buckets = self.reserve.contents(&mut snapshot)?;
        }
        Ok(match choose(&buckets, self.quantity, self.reserve.any()) {
            Some(taken) => {
                self.next = taken;
                Next::Again
            }
            None => Next::Short {
                left: buckets.iter().sum(),
            },
        })
    }
}

/// Where to take a quantity from: one bucket that has enough, the next one from `first` on; where there
/// is none, as few as possible. `None` when all of them have not enough.
fn choose(buckets: &[u64], quantity: u32, first: usize) -> Option<Taken> {
    let numbers = 0..buckets.len();
    let mut from: Vec<(usize, u64)> = numbers
        .map(|nth| (first + nth) % buckets.len())
        .filter_map(|bucket| Some((bucket, *buckets.get(bucket)?)))
        .collect();
    if let Some((bucket, _)) = from.iter().find(|(_, left)| *left >= u64::from(quantity)) {
        return Some(Taken(vec![(*bucket, quantity)]));
    }
    from.sort_by_key(|(_, left)| std::cmp::Reverse(*left));
    let mut missing = quantity;
    let mut taken = Vec::new();
    for (bucket, left) in from {
        // All that it has: it is less than what was asked for.
        let share = missing.min(u32::try_from(left).unwrap_or(missing));
        if share > 0 {
            taken.push((bucket, share));
            missing -= share;
        }
    }
    (missing == 0).then_some(Taken(taken))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_all_buckets_have_together_is_taken_from_as_few_as_possible(
            buckets in prop::collection::vec(0..20_u64, 1..12),
            quantity in 1..60_u32,
            first in 0..100_usize,
        ) {
            let sum: u64 = buckets.iter().sum();
            let Some(taken) = choose(&buckets, quantity, first) else {
                prop_assert!(sum < u64::from(quantity));
                return Ok(());
            };
            prop_assert_eq!(taken.quantity(), quantity);
            let mut seen = Vec::new();
            for (bucket, share) in &taken.0 {
                prop_assert!(*share > 0 && u64::from(*share) <= buckets[*bucket]);
                prop_assert!(!seen.contains(bucket));
                seen.push(*bucket);
            }
            let mut largest = buckets.clone();
            largest.sort_unstable();
            let one_fewer: u64 = largest.iter().rev().take(seen.len() - 1).sum();
            prop_assert!(one_fewer < u64::from(quantity));
        }
    }

    #[test]
    fn any_bucket_that_has_enough_may_be_chosen() {
        let choice = |first| choose(&[3, 0, 5, 4], 3, first);
        let of = |bucket| Some(Taken(vec![(bucket, 3)]));
        assert_eq!([0, 1, 2, 3].map(choice), [of(0), of(2), of(2), of(3)]);
    }
}
