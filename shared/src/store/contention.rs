//! What is done about writes that get in each other's way.

use std::time::Duration;

use tokio::time::Instant;

use crate::{app::App, error::Error};

/// A write that goes back to what is there now when somebody else was faster, with a pause before
/// each attempt from the third on, for as long as an outside call may take.
///
/// ```ignore
/// let mut race = Race::new(&app);
/// loop {
///     let account = table.get::<Account>(&key).await?;
///     match table.update(key.clone(), change(account)).await? {
///         Written::Done => return Ok(()),
///         Written::Refused(_) => race.lost().await?,
///     }
/// }
/// ```
#[must_use]
pub struct Race<'a> {
    app: &'a App,
    began: Instant,
    lost: u32,
}

impl<'a> Race<'a> {
    /// One that was not lost yet.
    pub fn new(app: &'a App) -> Self {
        Self {
            app,
            began: Instant::now(),
            lost: 0,
        }
    }

    /// Waits before the next attempt, unless it is the second: whoever was faster has written, and most often
    /// nobody else wants to.
    ///
    /// # Errors
    /// `service_unavailable` when others were always faster.
    pub async fn lost(&mut self) -> Result<(), Error> {
        if self.began.elapsed() > self.app.limits().operation {
            return Err(Error::unavailable(1));
        }
        if let Some(lost) = self.lost.checked_sub(1) {
            pause(self.app, lost).await;
        }
        self.lost += 1;
        Ok(())
    }
}

/// Waits before the next attempt: up to 5 ms doubling to 640, half of it random.
pub(super) async fn pause(app: &App, attempt: u32) {
    let longest = 5_u64 << attempt.min(7);
    let [random] = app.random::<1>();
    let millis = longest / 2 + longest * u64::from(random) / 512;
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
