//! Orders that wait for their makers to be reached by money again.

use enishi_shared::{
    Result, UserId,
    store::{Key, Table, Transaction},
};

use crate::order::{
    OrderId, StoredOrder,
    state::{Parcel, Transfer},
};

/// The partition of those that wait for a maker.
pub fn partition(maker_id: UserId) -> String {
    format!("WAITS#{maker_id}")
}

fn key(maker_id: UserId, id: OrderId) -> Key {
    Key::new(partition(maker_id), id.to_string())
}

/// Notes which parcels of an order began to wait by a step, and which do no more.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn follow(
    tx: &mut Transaction,
    table: &Table,
    before: &StoredOrder,
    after: &StoredOrder,
) -> Result<()> {
    let waits = |parcel: &Parcel| parcel.transfer == Transfer::Waiting;
    for (was, is) in before.order.parcels.iter().zip(&after.order.parcels) {
        let key = key(is.maker_id, after.order_id);
        match (waits(was), waits(is)) {
            (false, true) => tx.put(table, key, &after.listed())?,
            (true, false) => tx.delete(table, key),
            _ => {}
        }
    }
    Ok(())
}
