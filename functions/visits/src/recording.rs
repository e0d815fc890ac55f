//! The recording of a meeting: audio only, while both consent.

use enishi_shared::{App, Result};

use crate::matching::MatchingId;

/// Starts or stops the recording of a matching's meeting, as the consents and the meeting ask for it now.
///
/// # Errors
/// `service_unavailable` when somebody does not answer.
pub async fn follow(_app: &App, _id: MatchingId) -> Result<()> {
    Ok(())
}

/// Ends the recording of a meeting that is over, and has its file made.
///
/// # Errors
/// `service_unavailable` when somebody does not answer.
pub async fn finish(_app: &App, _id: MatchingId) -> Result<()> {
    Ok(())
}
