//! What open orders that nobody has paid yet hold back of a maker's items: a row a line of each, which follows
//! from the order as lists follow from items.

use std::{collections::HashMap, fmt::Display};

use enishi_shared::{
    Result, UserId,
    store::{Key, Query, Table, Transaction, decode, s},
};
use serde::{Deserialize, Serialize};

use crate::item::ItemId;

/// So many of an item.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Held {
    item_id: ItemId,
    quantity: u32,
}

/// Of which maker's item an order has how many.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Whose the item is.
    pub maker_id: UserId,
    /// The item.
    pub item_id: ItemId,
    /// How many.
    pub quantity: u32,
}

fn partition(maker_id: UserId) -> String {
    format!("HELD#{maker_id}")
}

/// What the sort keys of an item's rows begin with.
fn beginning(item_id: ItemId) -> String {
    format!("{item_id}#")
}

/// Makes the rows what an order says: one a line while it holds anything, none afterwards. As many parts as
/// lines; another part is to see to it that the order is as it was read.
///
/// # Errors
/// `internal_server_error` when a row cannot be stored.
pub fn follow(
    tx: &mut Transaction,
    table: &Table,
    order_id: impl Display,
    lines: impl IntoIterator<Item = Line>,
    holds: bool,
) -> Result<()> {
    for line in lines {
        let Line {
            maker_id,
            item_id,
            quantity,
        } = line;
        let sk = format!("{}{order_id}", beginning(item_id));
        let key = Key::new(partition(maker_id), sk);
        match holds {
            true => tx.put(table, key, &Held { item_id, quantity })?,
            false => tx.delete(table, key),
        }
    }
    Ok(())
}

/// How many of each of a maker's items are held. One request, one more for each megabyte: 8,000 lines of orders.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn of_maker(table: &Table, maker_id: UserId) -> Result<HashMap<ItemId, u64>> {
    let query = table.query("pk = :maker");
    sum(query.value(":maker", s(partition(maker_id)))).await
}

/// How many of an item are held. As [`of_maker`].
///
/// # Errors
/// As [`of_maker`].
pub async fn of_item(table: &Table, maker_id: UserId, item_id: ItemId) -> Result<u64> {
    let query = table.query("pk = :maker AND begins_with(sk, :item)");
    let query = query.value(":maker", s(partition(maker_id)));
    let held = sum(query.value(":item", s(beginning(item_id)))).await?;
    Ok(held.get(&item_id).copied().unwrap_or_default())
}

async fn sum(query: Query) -> Result<HashMap<ItemId, u64>> {
    let mut held = HashMap::new();
    for row in query.eventual().all().await? {
        let row: Held = decode(row)?;
        *held.entry(row.item_id).or_default() += u64::from(row.quantity);
    }
    Ok(held)
}
