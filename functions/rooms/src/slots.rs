//! `GET /slots`: when people meet, for whoever wants to know.

use axum::extract::State;
use enishi_shared::{App, Function, Result, error::ErrorBody};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::slot::{Slot, Slots};

/// `rooms-slots`
///
/// The slots are configuration.
pub const FUNCTION: Function = Function::http("rooms-slots", || {
    OpenApiRouter::new().routes(routes!(slots))
});

/// When people meet.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotTimes {
    /// The times of day at which slots start, in order; the first is meant where no time is told.
    #[schema(example = json!(["09:00"]))]
    pub times: Vec<String>,
    /// The days of the week that have slots, of `mon`, `tue`, `wed`, `thu`, `fri`, `sat` and `sun`.
    #[schema(example = json!(["mon", "tue", "wed", "thu", "fri"]))]
    pub days: Vec<&'static str>,
    /// How long a slot is.
    #[schema(example = 30, minimum = 1, maximum = 1440)]
    pub minutes: i64,
    /// How many people a room is meant for.
    #[schema(example = 4, minimum = 2, maximum = 100)]
    pub room_size: usize,
    /// The time zone of all dates and times, by its IANA name.
    #[schema(example = "Asia/Tokyo")]
    pub time_zone: String,
    /// The slot that runs, or the next one.
    pub next: Option<SlotTime>,
}

/// A slot.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotTime {
    /// Its date, where the slots are.
    #[schema(format = Date, example = "2026-11-21")]
    pub date: String,
    /// Its time, where the slots are; `02b:30` is 02:30 for the second time, where clocks are set back.
    #[schema(pattern = "^([01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: String,
    /// When it starts.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T00:00:00Z")]
    pub starts_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T00:30:00Z")]
    pub ends_at: Timestamp,
}

impl From<Slot> for SlotTime {
    fn from(slot: Slot) -> Self {
        Self {
            date: slot.date(),
            time: slot.time(),
            starts_at: slot.start,
            ends_at: slot.end,
        }
    }
}

/// When people meet
#[utoipa::path(
    get,
    path = "/slots",
    operation_id = "getSlots",
    tag = "rooms",
    responses(
        (status = 200, description = "Times, days, length and time zone of the slots", body = SlotTimes),
        (status = 500, description = "Something went wrong on our side", body = ErrorBody),
    )
)]
pub async fn slots(State(app): State<App>) -> Result<axum::Json<SlotTimes>> {
    let slots = app.config::<Slots>()?;
    Ok(axum::Json(SlotTimes {
        times: slots.times(),
        days: slots.days(),
        minutes: slots.minutes(),
        room_size: slots.room_size,
        time_zone: slots.time_zone().to_owned(),
        next: slots.next(app.now()).map(SlotTime::from),
    }))
}
