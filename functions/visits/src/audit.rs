//! What operators do is written down, by month.

pub use enishi_shared::audit::audit_key;
