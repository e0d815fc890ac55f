//! A matching, as one of the two sees it. It tells neither who the other is before it is paid for; and
//! then nothing but the name.

use std::collections::HashMap;

use enishi_shared::{
    App, Result,
    store::{Item, Key, Table, decode},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    matching::{Card, MatchingId, StoredMatching},
    profile::{Profile, VisitorId, profile_key},
    recording::{Consent, Recording, RecordingState, recording_key},
    state::{Party, State},
};

/// A matching, as one of the two sees it.
#[derive(Serialize, ToSchema)]
pub struct ShownMatching {
    /// The matching.
    pub id: MatchingId,
    /// What the employee is known by.
    pub speaker: VisitorId,
    /// What the student is known by.
    pub listener: VisitorId,
    /// Which of the two one is.
    pub role: Party,
    /// Where it stands.
    pub state: State,
    /// Since when.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub since: Timestamp,
    /// When the meeting begins: as it was agreed, before that as it is proposed.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-25T10:00:00Z")]
    pub date: Option<Timestamp>,
    /// Its length in minutes, likewise.
    #[schema(minimum = 15, maximum = 120, multiple_of = 15, example = 60)]
    pub meeting_length: u16,
    /// What is proposed, until the other accepts it.
    #[schema(required)]
    pub proposal: Option<ShownProposal>,
    /// Where the recording can be heard, for ten minutes.
    #[schema(
        required,
        format = "uri",
        example = "https://recordings.s3.ap-northeast-1.amazonaws.com/recordings/1/audio/1.mp4?X-Amz-Signature=1"
    )]
    pub audio_url: Option<String>,
    /// Who consents to being recorded.
    pub consent: Consent,
    /// What becomes of the recording.
    pub recording: RecordingState,
    /// Whether the meeting took place.
    pub is_done_meeting: bool,
    /// Whether it is paid for.
    pub is_done_payment: bool,
    /// What one is shown of the other, as it was when the student asked.
    pub other: Card,
    /// What the student wrote when they asked, until it is over.
    #[schema(required, example = "配属についてお聞きしたいです。")]
    pub message: Option<String>,
    /// Who the other is, once it was paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub partner: Option<Partner>,
    /// When the student asked.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

/// Who the other is.
#[derive(Serialize, ToSchema)]
pub struct Partner {
    /// Their name; null once they have closed their account.
    #[schema(required, example = "山田 花")]
    pub name: Option<String>,
}

/// What one of the two proposes.
#[derive(Serialize, ToSchema)]
pub struct ShownProposal {
    /// Who proposes it.
    pub by: Party,
    /// When the meeting begins; null where the student leaves that to the employee.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-25T10:00:00Z")]
    pub date: Option<Timestamp>,
    /// Its length in minutes.
    #[schema(minimum = 15, maximum = 120, multiple_of = 15, example = 60)]
    pub meeting_length: u16,
}

impl StoredMatching {
    /// What is shown with it once it was paid for: the other's profile, and the recording.
    pub fn beside(&self, me: Party) -> [Key; 2] {
        [
            profile_key(self.user(me.other())),
            recording_key(self.matching_id),
        ]
    }

    /// As `me` sees it now, with what was found of [`Self::beside`].
    ///
    /// # Errors
    /// `internal_server_error` when an item is of another form.
    pub async fn shown(
        self,
        app: &App,
        me: Party,
        found: &HashMap<Key, Item>,
    ) -> Result<ShownMatching> {
        let matching = self.matching;
        let is_known = matching.state.is_paid_for();
        let now = app.now();
        let [partner, recording] = self.beside(me).map(|key| found.get(&key).cloned());
        let partner: Option<Profile> = partner.map(decode).transpose()?;
        let recording: Recording = recording.map(decode).transpose()?.unwrap_or_default();
        let recorded = recording.state(app, matching.state)?;
        let state = matching.seen(now);
        let lapsed = matching.due().filter(|_| state != matching.state);
        let proposal = matching.proposal.filter(|_| !state.is_final());
        let proposed = matching.proposal;
        let name = partner.map(|profile| profile.name);
        Ok(ShownMatching {
            id: self.matching_id,
            speaker: self.speaker_card.visitor_id,
            listener: self.listener_card.visitor_id,
            role: me,
            state,
            since: lapsed.unwrap_or(matching.since),
            date: match (matching.terms, proposed) {
                (Some(terms), _) => Some(terms.date),
                (None, Some(proposal)) => proposal.date,
                (None, None) => self.asked_date,
            },
            meeting_length: match (matching.terms, proposed) {
                (Some(terms), _) => terms.minutes,
                (None, Some(proposal)) => proposal.minutes,
                (None, None) => self.asked_minutes,
            },
            proposal: proposal.map(|proposal| ShownProposal {
                by: proposal.by,
                date: proposal.date,
                meeting_length: proposal.minutes,
            }),
            audio_url: recording.link(app, recorded).await?,
            consent: recording.consent(),
            recording: recorded,
            is_done_meeting: state == State::Done,
            is_done_payment: matches!(state, State::Paid | State::Done),
            other: self.card(me.other()).clone(),
            message: self.message.filter(|_| !state.is_final()),
            partner: is_known.then_some(Partner { name }),
            created_at: self.created_at,
        })
    }

    /// [`Self::shown`]. One request where it was paid for.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn show(self, app: &App, table: &Table, me: Party) -> Result<ShownMatching> {
        let found = match self.matching.state.is_paid_for() {
            true => table.batch_get(&self.beside(me)).await?,
            false => HashMap::new(),
        };
        self.shown(app, me, &found).await
    }
}
