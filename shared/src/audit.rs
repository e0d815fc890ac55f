//! What operators do is written down, by month.

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::Key;

/// `AUDIT#2026-11` / `2026-11-20T11:00:00.000Z#<id>`, at universal time.
pub fn audit_key(at: Timestamp, id: Uuid) -> Key {
    let month = at.strftime("%Y-%m");
    Key::new(format!("AUDIT#{month}"), format!("{at:.3}#{id}"))
}
