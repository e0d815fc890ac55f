//! The recording of a meeting: audio only, while both consent and the meeting is open.
//!
//! Whoever withdraws ends it for this meeting, finally; what was recorded until then, with the consent of
//! both, stays. After the end one file is made of the longest part, for a meeting that had ended and was
//! opened anew has several. Both can hear it by links that end soon. It is deleted with the account of
//! either, and when it was kept for as long as it may be.
//!
//! The row of a recording, which [`follow`] and [`collect`] change under its version, says what is to be done
//! before it is done: what somebody began and did not finish, the next one goes on with. Whoever asks Chime
//! for the capture of a meeting, however often, gets the same one.

use std::time::Duration;

use enishi_shared::{
    App, Error, Result,
    app::{ConfigError, Configure, Env},
    media::{delete_prefix, presign_get},
    store::{Key, Table, Written, when},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    matching::{MatchingId, matching_key},
    state::{Matching, Party, State},
};

mod collect;
mod follow;
mod pipelines;
#[cfg(test)]
mod tests;

pub use collect::{collect, erase};
pub use follow::{consent, finish, follow};
use pipelines::Pipeline;

/// What recordings with something to do have in the index of what is due.
pub const COLLECTING: &str = "RECORDING";
/// How long a link to a recording is valid.
const LINK: Duration = Duration::from_secs(10 * 60);

/// `RECORDINGS_BUCKET`: the bucket of what is captured, and of the files made of it.
struct Bucket(String);

impl Configure for Bucket {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("RECORDINGS_BUCKET")?.to_owned()))
    }
}

/// `RECORDING_DAYS`: for how many days a recording is kept; 90 unless told.
pub struct Kept(SignedDuration);

impl Configure for Kept {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let days: u32 = env.parsed("RECORDING_DAYS", 90)?;
        Ok(Self(SignedDuration::from_hours(24 * i64::from(days))))
    }
}

/// Whether each of the two consents to being recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Consent {
    /// The employee does.
    pub speaker: bool,
    /// The student does.
    pub listener: bool,
}

/// How the recording of a meeting stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// Nobody is recorded: one of the two does not consent.
    #[default]
    Off,
    /// Both consent, and the meeting is not open.
    Waiting,
    /// The meeting is being recorded.
    Running,
    /// Both consent, and the meeting is not recorded: as many are as can be at once.
    Unrecorded,
    /// One has withdrawn; what was recorded until then is kept.
    Stopped,
    /// The meeting is over, and the file is being made.
    Processing,
    /// There is a recording.
    Ready,
    /// There was one, and it is deleted.
    Deleted,
}

/// What one of the two has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Given,
    /// Finally.
    Withdrawn,
}

/// A part: what is captured of one meeting at Chime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Capture {
    /// Chime's id.
    meeting_id: String,
    /// None before it is known that there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pipeline: Option<Pipeline>,
    is_stopped: bool,
}

/// What becomes of what was captured, once the meeting is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ended {
    /// A file is to be made.
    Making {
        since: Timestamp,
        /// How often it was tried in vain.
        attempt: u32,
        /// The pipeline that makes it, and when it was begun.
        concatenation: Option<(Pipeline, Timestamp)>,
    },
    /// There is one.
    Ready { key: String, made_at: Timestamp },
    /// There is nothing to be heard.
    Nothing,
    /// What there was is deleted.
    Erased,
}

/// A recording as it lies in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Recording {
    /// How often it has changed.
    version: u32,
    speaker: Option<Answer>,
    listener: Option<Answer>,
    captures: Vec<Capture>,
    /// Whether there was no place for it when it was last tried.
    is_refused: bool,
    ended: Option<Ended>,
    /// When there is something to do, in seconds.
    due_at: Option<i64>,
}

#[derive(Serialize)]
struct Row<'a> {
    version: u32,
    speaker: Option<Answer>,
    listener: Option<Answer>,
    captures: &'a [Capture],
    is_refused: bool,
    ended: Option<&'a Ended>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
}

/// Where a recording lies.
pub fn recording_key(id: MatchingId) -> Key {
    Key::new(matching_key(id).pk, "RECORDING")
}

/// Where its parts lie, five seconds a file, and the file made of the longest.
fn captures(id: MatchingId) -> String {
    format!("captures/{id}/")
}

fn files(id: MatchingId) -> String {
    format!("recordings/{id}/")
}

impl Recording {
    fn answer(&mut self, party: Party) -> &mut Option<Answer> {
        match party {
            Party::Speaker => &mut self.speaker,
            Party::Listener => &mut self.listener,
        }
    }

    /// Whether each of the two consents.
    pub fn consent(&self) -> Consent {
        Consent {
            speaker: self.speaker == Some(Answer::Given),
            listener: self.listener == Some(Answer::Given),
        }
    }

    fn have_both_consented(&self) -> bool {
        let Consent { speaker, listener } = self.consent();
        speaker && listener
    }

    /// One of the two consents, or does not, to a paid meeting. Who says it again changes nothing.
    ///
    /// # Errors
    /// `conflict` once somebody has withdrawn, once the meeting is over, and before it is paid for.
    fn answered(
        &mut self,
        party: Party,
        consents: bool,
        matching: &Matching,
        now: Timestamp,
    ) -> Result<()> {
        let terms = matching.terms.filter(|_| matching.state == State::Paid);
        let Some(terms) = terms else {
            let state = matching.seen(now).text();
            return Err(Error::conflict(format!("the matching is {state}")));
        };
        let is_over = self.ended.is_some() || consents && terms.end() <= now;
        let withdrawn = [self.speaker, self.listener].contains(&Some(Answer::Withdrawn));
        let answer = self.answer(party);
        match (consents, *answer) {
            (true, _) if withdrawn => Err(Error::conflict(
                "the consent to record this meeting was withdrawn",
            )),
            (true, Some(Answer::Given)) | (false, None | Some(Answer::Withdrawn)) => Ok(()),
            _ if is_over => Err(Error::conflict("the meeting is over")),
            (true, _) => {
                *answer = Some(Answer::Given);
                Ok(())
            }
            (false, _) => {
                *answer = Some(Answer::Withdrawn);
                Ok(())
            }
        }
    }

    /// How it stands, of a matching that stands so.
    ///
    /// # Errors
    /// `internal_server_error` when it is not configured for how long recordings are kept.
    pub fn state(&self, app: &App, matching: State) -> Result<RecordingState> {
        let is_running = |capture: &Capture| capture.pipeline.is_some() && !capture.is_stopped;
        Ok(match &self.ended {
            Some(Ended::Making { .. }) => RecordingState::Processing,
            Some(Ended::Ready { made_at, .. }) => {
                match app.now() < *made_at + app.config::<Kept>()?.0 {
                    true => RecordingState::Ready,
                    false => RecordingState::Deleted,
                }
            }
            Some(Ended::Nothing) if self.have_both_consented() => RecordingState::Unrecorded,
            Some(Ended::Nothing) => RecordingState::Off,
            Some(Ended::Erased) => RecordingState::Deleted,
            None if self.have_both_consented() && matching == State::Paid => {
                match self.is_refused {
                    _ if self.captures.iter().any(is_running) => RecordingState::Running,
                    true => RecordingState::Unrecorded,
                    false => RecordingState::Waiting,
                }
            }
            None if self.captures.is_empty() => RecordingState::Off,
            None => RecordingState::Stopped,
        })
    }

    /// Where it can be heard, if it is ready. Makes no request. The function needs `s3:GetObject`.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be signed.
    pub async fn link(&self, app: &App, state: RecordingState) -> Result<Option<String>> {
        let Some(Ended::Ready { key, .. }) = &self.ended else {
            return Ok(None);
        };
        if state != RecordingState::Ready {
            return Ok(None);
        }
        let bucket = app.config::<Bucket>()?;
        let (url, _) = presign_get(app, &bucket.0, key, LINK).await?;
        Ok(Some(url))
    }

    /// Stores it, if it is still as it was read; false where somebody else was faster. One request.
    async fn keep(&mut self, table: &Table, id: MatchingId) -> Result<bool> {
        let as_read = match self.version {
            0 => when().absent("pk"),
            version => when().eq("version", version),
        };
        self.version += 1;
        let row = Row {
            version: self.version,
            speaker: self.speaker,
            listener: self.listener,
            captures: &self.captures,
            is_refused: self.is_refused,
            ended: self.ended.as_ref(),
            due: self.due_at.map(|_| COLLECTING),
            due_at: self.due_at,
        };
        let written = table.replace(recording_key(id), &row, as_read).await?;
        Ok(matches!(written, Written::Done))
    }
}

/// Deletes all that was recorded.
async fn delete_files(app: &App, id: MatchingId) -> Result<()> {
    let bucket = &app.config::<Bucket>()?.0;
    delete_prefix(app, bucket, &captures(id)).await?;
    delete_prefix(app, bucket, &files(id)).await
}
