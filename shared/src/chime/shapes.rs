//! What the browser's client takes, and what Chime answers.

use aws_sdk_chimesdkmeetings::types;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{seal::sha256, user_id::UserId};

/// A meeting in the shape that `MeetingSessionConfiguration` of amazon-chime-sdk-js takes: absent
/// optionals, never null ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Meeting {
    /// The Chime SDK's id.
    #[schema(example = "2c5ea1f0-3d0b-4b6a-9a53-5a0f9d5f2706")]
    pub meeting_id: String,
    /// The stack's name and, after an underscore, the venue this is a meeting of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "enishi_20261121T0900-0")]
    pub external_meeting_id: Option<String>,
    /// Where media flows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "ap-northeast-1")]
    pub media_region: Option<String>,
    /// The URLs the browser connects to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub media_placement: Option<MediaPlacement>,
}

/// The URLs the browser connects to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MediaPlacement {
    /// Audio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "a.k.m1.an1.app.chime.aws:3478")]
    pub audio_host_url: Option<String>,
    /// Audio, where UDP is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "wss://haxrp.m1.an1.app.chime.aws:443/calls/1"
    )]
    pub audio_fallback_url: Option<String>,
    /// Signalling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "wss://signal.m1.an1.app.chime.aws/control/1"
    )]
    pub signaling_url: Option<String>,
    /// TURN control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "https://ccp.cp.ue1.app.chime.aws/v2/turn_sessions"
    )]
    pub turn_control_url: Option<String>,
    /// Client metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "https://data.svc.an1.ingest.chime.aws/v1/client-events"
    )]
    pub event_ingestion_url: Option<String>,
}

/// One participant's credentials for a meeting. Only ever shown to that participant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Attendee {
    /// The Chime SDK's id.
    #[schema(example = "8d3a3c1f-9b0a-4f5c-8a43-1c2d3e4f5061")]
    pub attendee_id: String,
    /// The opaque id that the other participants' clients see.
    #[schema(example = "3q2-7wAAAAAAAAAAAAAAAA")]
    pub external_user_id: String,
    /// The secret that lets this participant in.
    #[schema(example = "OGQzYTNjMWY6c2VjcmV0")]
    pub join_token: String,
}

/// What `MeetingSessionConfiguration` of amazon-chime-sdk-js takes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JoinResponse {
    /// The meeting.
    pub meeting: Meeting,
    /// The caller's own credentials for it.
    pub attendee: Attendee,
}

/// The opaque id of a person in one venue; what other participants' clients see.
pub fn external_user_id(venue: &str, user_id: UserId) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&sha256(format!("{venue}\n{user_id}").as_bytes())[..18])
}

/// As Chime answers it; `None` without an id.
pub(super) fn meeting(meeting: types::Meeting) -> Option<Meeting> {
    Some(Meeting {
        meeting_id: meeting.meeting_id?,
        external_meeting_id: meeting.external_meeting_id,
        media_region: meeting.media_region,
        media_placement: meeting.media_placement.map(|placement| MediaPlacement {
            audio_host_url: placement.audio_host_url,
            audio_fallback_url: placement.audio_fallback_url,
            signaling_url: placement.signaling_url,
            turn_control_url: placement.turn_control_url,
            event_ingestion_url: placement.event_ingestion_url,
        }),
    })
}

/// As Chime answers it; `None` without its parts.
pub(super) fn attendee(attendee: types::Attendee) -> Option<Attendee> {
    Some(Attendee {
        attendee_id: attendee.attendee_id?,
        external_user_id: attendee.external_user_id?,
        join_token: attendee.join_token?,
    })
}
