//! Chime's quotas: how fast meetings may be opened, and how many at once.

use std::time::Duration;

use super::ChimeError;
use crate::app::{ConfigError, Configure, Env};

/// Attempts at one call while Chime throttles.
const ATTEMPTS: u32 = 5;

/// `CHIME_REQUESTS_PER_SECOND`: what the Region allows of each operation; 10 unless raised.
/// `CHIME_MEETING_QUOTA`: how many meetings it allows at once; 250 unless raised.
/// `CHIME_RESERVED_PERCENT`: the share of them that batches leave to meetings opened one by one, such
/// as paid appointments; 8 unless told, which is 20 of 250.
pub struct ChimeQuota {
    requests_per_second: u32,
    meetings: usize,
    reserved_percent: usize,
}

impl Configure for ChimeQuota {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let requests_per_second = env.parsed("CHIME_REQUESTS_PER_SECOND", 10)?;
        if requests_per_second == 0 {
            return Err(ConfigError::Invalid("CHIME_REQUESTS_PER_SECOND"));
        }
        let reserved_percent = env.parsed("CHIME_RESERVED_PERCENT", 8)?;
        if reserved_percent > 100 {
            return Err(ConfigError::Invalid("CHIME_RESERVED_PERCENT"));
        }
        Ok(Self {
            requests_per_second,
            meetings: env.parsed("CHIME_MEETING_QUOTA", 250)?,
            reserved_percent,
        })
    }
}

impl ChimeQuota {
    /// How many meetings may be open beside the reserved share of the quota: what is left of it, rounded up.
    pub fn unreserved(&self) -> usize {
        self.meetings - self.meetings.saturating_mul(self.reserved_percent) / 100
    }
}

/// Keeps to the rate that Chime allows: a second's worth at once, then one after the other.
pub struct Pace {
    per_second: u32,
    done: u32,
    second: tokio::time::Instant,
}

impl Pace {
    /// The pace that the configuration allows.
    pub fn new(quota: &ChimeQuota) -> Self {
        Self::per_second(quota.requests_per_second)
    }

    /// The pace of something else that is allowed so often.
    pub fn per_second(per_second: u32) -> Self {
        Self {
            per_second,
            done: 0,
            second: tokio::time::Instant::now(),
        }
    }

    /// Waits until one more request is due.
    pub async fn next(&mut self) {
        if self.done == self.per_second {
            let next = self.second + Duration::from_secs(1);
            tokio::time::sleep_until(next).await;
            self.second = tokio::time::Instant::now();
            self.done = 0;
        }
        self.done += 1;
    }

    /// Calls Chime again while it throttles, a bounded number of times at this pace.
    ///
    /// # Errors
    /// The last call's.
    pub async fn patiently<T, F: Future<Output = Result<T, ChimeError>>>(
        &mut self,
        call: impl Fn() -> F,
    ) -> Result<T, ChimeError> {
        let mut attempt = 1;
        loop {
            match call().await {
                Err(ChimeError::Throttled) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
            self.next().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreserved(meetings: &str, percent: &str) -> Option<usize> {
        let variables = [
            ("CHIME_MEETING_QUOTA", meetings),
            ("CHIME_RESERVED_PERCENT", percent),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let quota = ChimeQuota::configure(&variables.into_iter().collect()).ok()?;
        Some(quota.unreserved())
    }

    #[test]
    fn a_batch_leaves_the_reserved_share_of_the_quota() {
        assert_eq!(unreserved("", ""), Some(230));
        assert_eq!(unreserved("1000", "2"), Some(980));
        assert_eq!(unreserved("10", "8"), Some(10));
        assert_eq!(unreserved("10", "0"), Some(10));
        assert_eq!(unreserved("10", "100"), Some(0));
        assert_eq!(unreserved("10", "101"), None);
    }
}
