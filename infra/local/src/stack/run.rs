//! What moves a stack on: by hand, for tests and the demo, or by itself.

use std::time::Duration;

use jiff::Timestamp;

use super::Stack;
use crate::{
    directory::replace,
    journal::{self, Journal},
    template::DEFAULT_BUS,
};

impl Stack {
    /// Sets the clock, fires the schedules that are due then, and settles.
    pub async fn at(&self, time: Timestamp) {
        self.0.clock.set(Some(time));
        self.catch_up().await;
    }

    /// Fires the schedules that are due, and settles.
    pub async fn catch_up(&self) {
        self.settle().await;
        self.fire();
        self.settle().await;
    }

    /// Fires the schedules that are due.
    fn fire(&self) {
        let now = self.0.clock.now();
        let cause = self.journal().map(Journal::clock);
        journal::within_now(cause, || self.0.schedules.fire(&self.0.lambda, now));
    }

    /// Hands over all that waits in streams, rules and meetings, until nothing is under way: no
    /// asynchronous invocation, no WebSocket message that has arrived, no `$disconnect`.
    pub async fn settle(&self) {
        loop {
            let moved = self.move_on().await;
            let waited = self.0.lambda.idle().await;
            let handled = self.0.websockets.idle().await;
            if !moved && !waited && !handled {
                return;
            }
        }
    }

    async fn move_on(&self) -> bool {
        journal::within(self.root(), self.move_on_once()).await
    }

    async fn move_on_once(&self) -> bool {
        self.0.chime.tick();
        let mut moved = false;
        {
            let mut events = self.0.chime_events.lock().await;
            while let Ok(mut event) = events.try_recv() {
                let cause = journal::unmarked(&mut event);
                journal::within_now(cause, || self.0.buses.deliver(DEFAULT_BUS, &event));
                moved = true;
            }
        }
        if moved && let Some(file) = &self.0.chime_file {
            let snapshot = self.0.chime.snapshot().to_string();
            if let Err(error) = replace(file, snapshot) {
                tracing::warn!(%error, "the meetings could not be kept");
            }
        }
        moved |= self.0.stripe.deliver().await;
        match self.0.streams.poll().await {
            Ok(any) => moved || any,
            Err(error) => {
                tracing::error!(error, "a stream could not be read");
                moved
            }
        }
    }

    /// Streams and meetings as things happen, schedules by the clock.
    pub(super) fn run_by_itself(&self) {
        let stack = self.clone();
        tokio::spawn(async move {
            loop {
                stack.move_on().await;
                let written = stack.0.written.notified();
                // Meetings tell of themselves only when they are asked.
                let _ = tokio::time::timeout(Duration::from_millis(250), written).await;
            }
        });
        let stack = self.clone();
        tokio::spawn(async move {
            loop {
                // Asked for first: a clock that is set while the schedules fire must not be missed.
                let changed = stack.0.clock.changed();
                stack.fire();
                let now = stack.0.clock.now();
                let wait = stack
                    .0
                    .schedules
                    .next()
                    .and_then(|next| Duration::try_from(next.duration_since(now)).ok())
                    .unwrap_or(Duration::from_secs(60));
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = changed => {}
                }
            }
        });
        let (database, clock) = (self.0.database.clone(), self.0.clock.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                // The database's file goes by the system's time: what has expired by that may be needed
                // by a clock that is behind.
                if clock.ahead().is_negative() {
                    continue;
                }
                let database = database.clone();
                let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
                if let Ok(Err(error)) = swept {
                    tracing::warn!(%error, "expired items could not be removed");
                }
            }
        });
    }
}
