//! An enrollment: somebody's wish to be in a slot. One item, in the slot's partitions so that the
//! draw finds it, and in the index `by-user` so that its owner does.

use enishi_shared::{App, Error, Result, UserId, auth::User, store::Key};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    seating::{enrollment_key, find_seat, table, ttl},
    slot::{RoomId, Slot, SlotId, Slots},
};

/// The index that lists one person's enrollments in order of time.
pub const BY_USER: &str = "by-user";

/// The stored enrollment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrollmentItem {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// The name others will see.
    pub username: String,
    /// The slot's date, `2026-11-21`.
    pub date: String,
    /// The slot's time, `09:00`.
    pub time: String,
    /// The room, of those who walked in after the draw or were moved; the others' is in the seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<String>,
    /// A schedule made it, and takes it away when it no more names the day.
    #[serde(default, skip_serializing_if = "is_false")]
    pub weekly: bool,
    /// They have withdrawn after the draw.
    #[serde(default, skip_serializing_if = "is_false")]
    pub withdrawn: bool,
    /// The slot was over before it was drawn, and they are told.
    #[serde(default, skip_serializing_if = "is_false")]
    pub missed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    gsi_pk: String,
    gsi_sk: SlotId,
    ttl: i64,
}

impl EnrollmentItem {
    /// A new enrollment of the caller.
    pub fn new(app: &App, user: &User, slot: &Slot) -> Self {
        Self::of(app, user.id, &user.claims.name, slot)
    }

    /// A new enrollment that somebody's schedule makes.
    pub fn weekly(app: &App, user_id: UserId, username: &str, slot: &Slot) -> Self {
        Self {
            weekly: true,
            ..Self::of(app, user_id, username, slot)
        }
    }

    fn of(app: &App, user_id: UserId, username: &str, slot: &Slot) -> Self {
        Self {
            id: app.new_id().to_string(),
            user_id,
            username: username.to_owned(),
            date: slot.date(),
            time: slot.time(),
            room_id: None,
            weekly: false,
            withdrawn: false,
            missed: false,
            created_at: app.now(),
            gsi_pk: by_user(user_id),
            gsi_sk: slot.id(),
            ttl: ttl(slot),
        }
    }

    /// The id of its slot.
    pub fn slot_id(&self) -> SlotId {
        self.gsi_sk
    }

    /// Where it lies.
    pub fn key(&self) -> Key {
        enrollment_key(self.gsi_sk, self.user_id)
    }

    /// As its owner sees it; `drawn` says whether the slot's rooms are drawn.
    pub fn view(self, slots: &Slots, drawn: bool) -> Enrollment {
        Enrollment {
            status: if self.missed {
                EnrollmentStatus::Missed
            } else if self.withdrawn {
                EnrollmentStatus::Withdrawn
            } else if drawn {
                EnrollmentStatus::Assigned
            } else {
                EnrollmentStatus::Enrolled
            },
            starts_at: slots.by_id(self.gsi_sk).start,
            id: self.id,
            user_id: self.user_id,
            date: self.date,
            time: self.time,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands a reference.
fn is_false(value: &bool) -> bool {
    !value
}

/// The index's partition of one person.
pub fn by_user(user_id: UserId) -> String {
    format!("USER#{user_id}")
}

/// An enrollment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Enrollment {
    /// Its id.
    #[schema(format = "uuid", example = "019a9f3e-7b1c-7000-8000-3f5e1b2c4d5e")]
    pub id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// The slot's date, where the slots are.
    #[schema(format = Date, example = "2026-11-21")]
    pub date: String,
    /// The slot's time, where the slots are.
    #[schema(pattern = "^([01][0-9]|2[0-3])b?:[0-5][0-9]$", example = "09:00")]
    pub time: String,
    /// When the slot starts.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T00:00:00Z")]
    pub starts_at: Timestamp,
    /// What has become of it.
    pub status: EnrollmentStatus,
}

/// What has become of an enrollment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnrollmentStatus {
    /// Waiting for the draw.
    Enrolled,
    /// In a room.
    Assigned,
    /// Withdrawn after the draw: half an absence.
    Withdrawn,
    /// No rooms were drawn for the slot, by our fault. It counts as no absence.
    Missed,
}

/// The room of an enrollment, once it is drawn. One request; none for those who walked in or were moved.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn room_of(app: &App, enrollment: &EnrollmentItem) -> Result<Option<RoomId>> {
    match &enrollment.room_id {
        Some(room_id) => Ok(room_id.parse().ok()),
        None => find_seat(app, enrollment.slot_id(), enrollment.user_id).await,
    }
}

/// The room of somebody who is not where they were drawn: they walked in, or were moved. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn placed(app: &App, slot_id: SlotId, user_id: UserId) -> Result<Option<RoomId>> {
    let key = enrollment_key(slot_id, user_id);
    let enrollment: Option<EnrollmentItem> = table(app)?.get(&key).await?;
    let room_id = enrollment.and_then(|enrollment| enrollment.room_id);
    Ok(room_id.and_then(|room_id| room_id.parse().ok()))
}

/// The answer to whoever asks for a room that they were moved out of.
pub fn moved_away() -> Error {
    Error::conflict("you were moved to another room; ask for your meeting_url")
}

/// Reads whether a slot's rooms are drawn. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn is_drawn(app: &App, slot_id: SlotId) -> Result<bool> {
    Ok(crate::assign::read(app, slot_id)
        .await?
        .is_some_and(|draw| draw.is_drawn()))
}
