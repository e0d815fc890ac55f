//! EventBridge Scheduler: fires the template's schedules by the stack's clock.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    lambda::Lambda,
    template::{Function, Schedule},
};

/// The template's schedules with the time each is due next. Clones share them.
#[derive(Clone)]
pub struct Schedules(Arc<Mutex<Vec<Due>>>);

struct Due {
    function: String,
    schedule: Schedule,
    next: Timestamp,
}

impl Schedules {
    /// The schedules of these functions, none of them due before `now`.
    pub fn new(functions: &[Function], now: Timestamp) -> Self {
        let due = functions
            .iter()
            .flat_map(|function| {
                function.schedules.iter().map(|schedule| Due {
                    function: function.logical_id.clone(),
                    schedule: schedule.clone(),
                    next: schedule.timetable.next_after(now),
                })
            })
            .collect();
        Self(Arc::new(Mutex::new(due)))
    }

    /// Fires what is due at `now`: once each, for the latest time it was due. What a clock that
    /// jumped passed over is not made up for, as Scheduler does not either.
    pub fn fire(&self, lambda: &Lambda, now: Timestamp) {
        for due in self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter_mut()
        {
            let mut latest = None;
            while due.next <= now {
                latest = Some(due.next);
                due.next = due.schedule.timetable.next_after(due.next);
            }
            // A clock that was set back must not wait for what it passed before.
            let again = due.schedule.timetable.next_after(now);
            due.next = due.next.min(again);
            if let Some(time) = latest {
                lambda.invoke_async(&due.function, input(&due.schedule, time));
            }
        }
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Timestamp> {
        let due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        due.iter().map(|due| due.next).min()
    }
}

/// What a schedule hands its function at `time`.
pub fn input(schedule: &Schedule, time: Timestamp) -> Value {
    let time = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let input = schedule
        .input
        .replace("<aws.scheduler.scheduled-time>", &time);
    serde_json::from_str(&input).unwrap_or(Value::String(input))
}
