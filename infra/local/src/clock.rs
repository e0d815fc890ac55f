//! The stack's clock: the system's, or one that was set and either runs on from there or stands
//! still until it is set again.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use enishi_shared::app::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::directory::replace;

/// How the stand-ins ask for the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that can be set. Clones tell the same time.
#[derive(Clone)]
pub struct LocalClock(Arc<Inner>);

struct Inner {
    mode: Mutex<Mode>,
    changed: Notify,
    /// Holds how far it is ahead of the system's time; see [`LocalClock::keep`].
    file: OnceLock<PathBuf>,
}

#[derive(Clone, Copy)]
enum Mode {
    Running(SignedDuration),
    Still(Timestamp),
}

impl LocalClock {
    /// The system's time.
    pub fn system() -> Self {
        Self::with(Mode::Running(SignedDuration::ZERO))
    }

    /// Stands still at `time`.
    pub fn still(time: Timestamp) -> Self {
        Self::with(Mode::Still(time))
    }

    fn with(mode: Mode) -> Self {
        Self(Arc::new(Inner {
            mode: Mutex::new(mode),
            changed: Notify::new(),
            file: OnceLock::new(),
        }))
    }

    /// Runs on as far ahead of the system's time as the last run's clock was set, which `file` holds, and
    /// from now on keeps there what it is set to. One that stands still is nobody's but its maker's.
    ///
    /// # Errors
    /// A sentence, when the file holds something else.
    pub fn keep(&self, file: PathBuf) -> Result<(), String> {
        let mut mode = self.0.mode.lock().unwrap_or_else(PoisonError::into_inner);
        if let Mode::Still(_) = *mode {
            return Ok(());
        }
        if let Ok(kept) = std::fs::read(&file) {
            let ahead = serde_json::from_slice(&kept)
                .map_err(|_| format!("{} holds no clock; remove it", file.display()))?;
            *mode = Mode::Running(ahead);
        }
        self.0.file.get_or_init(|| file);
        Ok(())
    }

    /// How far it is ahead of the system's time.
    pub fn ahead(&self) -> SignedDuration {
        match *self.0.mode.lock().unwrap_or_else(PoisonError::into_inner) {
            Mode::Running(ahead) => ahead,
            Mode::Still(time) => time.duration_since(Timestamp::now()),
        }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        match *self.0.mode.lock().unwrap_or_else(PoisonError::into_inner) {
            Mode::Running(ahead) => {
                let system = Timestamp::now();
                system.saturating_add(ahead).unwrap_or(system)
            }
            Mode::Still(time) => time,
        }
    }

    /// Sets it: a running clock runs on from `time`, one that stands still stands there. `None`
    /// goes back to the system's time.
    pub fn set(&self, time: Option<Timestamp>) {
        let mut mode = self.0.mode.lock().unwrap_or_else(PoisonError::into_inner);
        *mode = match (*mode, time) {
            (_, None) => Mode::Running(SignedDuration::ZERO),
            (Mode::Still(_), Some(time)) => Mode::Still(time),
            (Mode::Running(_), Some(time)) => Mode::Running(time.duration_since(Timestamp::now())),
        };
        if let (Mode::Running(ahead), Some(file)) = (*mode, self.0.file.get()) {
            let kept = serde_json::to_vec(&ahead).map_err(io::Error::other);
            if let Err(error) = kept.and_then(|kept| replace(file, kept)) {
                tracing::warn!(%error, "the clock will not be as it is set after a restart");
            }
        }
        drop(mode);
        self.0.changed.notify_waiters();
    }

    /// Waits until it is set, from the moment of this call on.
    pub fn changed(&self) -> impl Future<Output = ()> + '_ {
        self.0.changed.notified()
    }

    /// As the stand-ins ask for it.
    pub fn as_now(&self) -> Now {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }

    /// As an [`enishi_shared::App`] asks for it.
    pub fn as_clock(&self) -> Clock {
        let clock = self.clone();
        Clock::from_fn(move || clock.now())
    }
}
