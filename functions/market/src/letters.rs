//! What people are written to about their orders.

use enishi_shared::{Result, mail::Letter};

use crate::order::{
    Contents, StoredOrder,
    state::{Actor, Mail},
};

/// The letter about a topic, of an order as it is after the change.
///
/// # Errors
/// `internal_server_error` where a parcel is of no maker.
pub fn letter(
    mail: &Mail,
    stored: &StoredOrder,
    _contents: &Contents,
    _actor: Actor,
    frontend: &str,
) -> Result<Letter> {
    let page = format!("{frontend}/transactions/{}\n", stored.order_id);
    Ok(Letter::new(format!("{:?}", mail.about), page))
}
