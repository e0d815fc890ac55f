//! Media pipelines: a capture listens to a meeting and writes what it hears into a bucket, five seconds a
//! file; a concatenation makes one file of them when the capture has ended. Audio alone, and instead of it a
//! [tone](super::tone): there are no media here.

use std::{collections::BTreeMap, io, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::journal;

use super::{
    Chime, Inner, Meeting, State, tone,
    wire::{self, Call, Failure, bad, not_found, text},
};

/// How long a captured file is.
const CHUNK: SignedDuration = SignedDuration::from_secs(5);
/// How long a concatenation takes, once the capture has ended. The service does not say; it has to wait.
const CONCATENATION: SignedDuration = SignedDuration::from_secs(30);

/// Where files are put: bucket, key, bytes.
pub type Store = Arc<dyn Fn(&str, &str, &[u8]) -> io::Result<()> + Send + Sync>;

/// What outlives a restart. Pipelines that have ended stay, for the tokens that lead to them.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Pipelines {
    captures: BTreeMap<String, Capture>,
    concatenations: BTreeMap<String, Concatenation>,
    tokens: BTreeMap<String, String>,
}

/// Where a pipeline writes: `<bucket>/<folder>/audio/`.
#[derive(Clone, Serialize, Deserialize)]
struct Sink {
    bucket: String,
    /// The pipeline's id where no prefix was asked for.
    folder: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Capture {
    /// As the API shows it.
    shown: Value,
    sink: Sink,
    meeting: String,
    /// The attendee that listens.
    recorder: String,
    begun: Timestamp,
    stopped: Option<Timestamp>,
    /// Files written so far.
    written: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Concatenation {
    shown: Value,
    sink: Sink,
    /// The capture.
    of: String,
    begun: Timestamp,
    is_done: bool,
}

impl Capture {
    /// How long it has listened, in milliseconds.
    fn length(&self, now: Timestamp) -> u64 {
        let listened = self.stopped.unwrap_or(now).duration_since(self.begun);
        u64::try_from(listened.as_millis()).unwrap_or_default()
    }

    /// The next file, when it is complete: its name and its length in milliseconds.
    fn next(&self, now: Timestamp) -> Option<(String, u64)> {
        let chunk = u64::try_from(CHUNK.as_millis()).unwrap_or(u64::MAX);
        let before = self.written * chunk;
        let length = self.length(now).saturating_sub(before).min(chunk);
        let is_last = self.stopped.is_some() && length > 0;
        if length < chunk && !is_last {
            return None;
        }
        let since = SignedDuration::from_millis(i64::try_from(before).ok()?);
        let time = (self.begun + since).to_zoned(TimeZone::UTC);
        let name = time.strftime("%Y-%m-%d-%H-%M-%S");
        Some((format!("{name}-{:03}", time.millisecond()), length))
    }
}

impl Sink {
    /// Of an ARN, `arn:aws:s3:::<bucket>/<prefix>`.
    fn of(arn: &str, pipeline: &str) -> Result<Self, Failure> {
        let place = arn.strip_prefix("arn:aws:s3:::");
        let place = place.ok_or_else(|| bad("the sink must be an S3 bucket's ARN"))?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, pipeline));
        Ok(Self {
            bucket: bucket.to_owned(),
            folder: prefix.trim_end_matches('/').to_owned(),
        })
    }

    fn key(&self, name: &str) -> String {
        format!("{}/audio/{name}.mp4", self.folder)
    }
}

/// The bucket whose policy the caller must be able to read, so that the service can.
pub(super) fn bucket_arn(body: &Value) -> Option<String> {
    let asked = body["SinkArn"].as_str();
    let sink = asked.or(body["Sinks"][0]["S3BucketSinkConfiguration"]["Destination"].as_str())?;
    Some(sink.split('/').next().unwrap_or(sink).to_owned())
}

impl Pipelines {
    /// Those that count against the quota.
    fn active(&self) -> usize {
        let captures = self.captures.values().filter(|it| it.stopped.is_none());
        let concatenations = self.concatenations.values().filter(|it| !it.is_done);
        captures.count() + concatenations.count()
    }

    /// The pipeline that this token led to, or an id for a new one, if there may be one more.
    fn place(&self, body: &Value, most: Option<usize>) -> Result<(String, String), Failure> {
        let token = body["ClientRequestToken"].as_str();
        let token = token.ok_or_else(|| bad("ClientRequestToken is required"))?;
        let simple = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if !(2..=64).contains(&token.len()) || !token.chars().all(simple) {
            return Err(bad("ClientRequestToken must be 2 to 64 allowed characters"));
        }
        if let Some(known) = self.tokens.get(token) {
            return Ok((known.clone(), token.to_owned()));
        }
        if most.is_some_and(|most| self.active() >= most) {
            return Err(too_many("Too many active media pipelines"));
        }
        Ok((Uuid::now_v7().to_string(), token.to_owned()))
    }

    /// A capture that has not ended.
    fn listening(&mut self, id: &str) -> Result<&mut Capture, Failure> {
        let found = self.captures.get_mut(id).filter(|it| it.stopped.is_none());
        found.ok_or_else(|| not_found("MediaCapturePipeline", id))
    }
}

impl Chime {
    pub(super) fn of_pipelines(
        &self,
        inner: &mut Inner,
        call: &Call,
        body: &Value,
    ) -> Result<Value, Failure> {
        let now = (self.now)();
        match call.name {
            "CreateMediaCapturePipeline" => self.capture(inner, body, now),
            "CreateMediaConcatenationPipeline" => self.concatenate(inner, body, now),
            "DeleteMediaCapturePipeline" => {
                let state = &mut inner.state;
                let capture = state.pipelines.listening(call.pipeline)?;
                capture.stopped = Some(now);
                capture.shown["Status"] = "Stopped".into();
                let (meeting, recorder) = (capture.meeting.clone(), capture.recorder.clone());
                self.tell(call.pipeline, "Deleted", state.meetings.get(&meeting), now);
                self.write(state, now);
                self.retire(state, &meeting, &recorder, now);
                Ok(Value::Null)
            }
            _ => {
                let pipelines = &inner.state.pipelines;
                let capture = pipelines.captures.get(call.pipeline);
                let capture = capture.map(|it| ("MediaCapturePipeline", &it.shown));
                let concatenation = pipelines.concatenations.get(call.pipeline);
                let made = concatenation.map(|it| ("MediaConcatenationPipeline", &it.shown));
                match capture.or(made) {
                    Some((kind, shown)) => Ok(json!({"MediaPipeline": {kind: shown}})),
                    None => Err(not_found("MediaPipeline", call.pipeline)),
                }
            }
        }
    }

    fn capture(&self, inner: &mut Inner, body: &Value, now: Timestamp) -> Result<Value, Failure> {
        if body["SourceType"] != "ChimeSdkMeeting" || body["SinkType"] != "S3Bucket" {
            return Err(bad("a meeting is captured into a bucket"));
        }
        let artifacts = &body["ChimeSdkMeetingConfiguration"]["ArtifactsConfiguration"];
        let is_audio = artifacts["Audio"]["MuxType"] == "AudioOnly"
            && artifacts["Video"]["State"] == "Disabled"
            && artifacts["Content"]["State"] == "Disabled";
        if !is_audio {
            return Err(bad("only audio is captured here"));
        }
        let source = text(body, "SourceArn");
        let meeting = source.strip_prefix("arn:aws:chime:");
        let meeting = meeting.and_then(|it| it.rsplit([':', '/']).next());
        let meeting = meeting.ok_or_else(|| bad("SourceArn is no meeting's"))?;
        let most = inner.quotas.media_pipelines;
        let (id, token) = inner.state.pipelines.place(body, most)?;
        if let Some(known) = inner.state.pipelines.captures.get(&id) {
            return Ok(json!({"MediaCapturePipeline": known.shown}));
        }
        let sink = Sink::of(&text(body, "SinkArn"), &id)?;
        let pipelines = &inner.state.pipelines;
        let mut others = pipelines.captures.values();
        if others.any(|it| it.meeting == meeting && it.stopped.is_none()) {
            return Err(too_many("One media capture pipeline a meeting"));
        }
        let listened = inner.state.living(meeting)?;
        let user = format!("aws:MediaPipeline-{id}");
        let recorder = self.add_attendee(listened, &user, wire::send_receive());
        let recorder_id = text(&recorder, "AttendeeId");
        listened.present.insert(recorder_id.clone());
        self.announce(listened, "AttendeeJoined", Some(&recorder), now);
        let shown = json!({
            "MediaPipelineId": id,
            "MediaPipelineArn": wire::pipeline_arn(&id),
            "SourceType": "ChimeSdkMeeting",
            "SourceArn": source,
            "Status": "Initializing",
            "SinkType": "S3Bucket",
            "SinkArn": body["SinkArn"],
            "CreatedTimestamp": now.to_string(),
            "UpdatedTimestamp": now.to_string(),
            "ChimeSdkMeetingConfiguration": body["ChimeSdkMeetingConfiguration"],
        });
        let capture = Capture {
            shown: shown.clone(),
            sink,
            meeting: meeting.to_owned(),
            recorder: recorder_id,
            begun: now,
            stopped: None,
            written: 0,
        };
        self.tell(&id, "InProgress", Some(listened), now);
        let pipelines = &mut inner.state.pipelines;
        pipelines.tokens.insert(token, id.clone());
        pipelines.captures.insert(id, capture);
        Ok(json!({"MediaCapturePipeline": shown}))
    }

    fn concatenate(
        &self,
        inner: &mut Inner,
        body: &Value,
        now: Timestamp,
    ) -> Result<Value, Failure> {
        let (Some([source]), Some([sink])) = (
            body["Sources"].as_array().map(Vec::as_slice),
            body["Sinks"].as_array().map(Vec::as_slice),
        ) else {
            return Err(bad("one source and one sink"));
        };
        let of = &source["MediaCapturePipelineSourceConfiguration"];
        let artifacts = &of["ChimeSdkMeetingConfiguration"]["ArtifactsConfiguration"];
        let others = [
            "Video",
            "Content",
            "DataChannel",
            "TranscriptionMessages",
            "MeetingEvents",
            "CompositedVideo",
        ];
        let is_audio = source["Type"] == "MediaCapturePipeline"
            && artifacts["Audio"]["State"] == "Enabled"
            && others
                .iter()
                .all(|other| artifacts[other]["State"] == "Disabled");
        if !is_audio {
            return Err(bad("only audio is concatenated here"));
        }
        let most = inner.quotas.media_pipelines;
        let pipelines = &mut inner.state.pipelines;
        let (id, token) = pipelines.place(body, most)?;
        if let Some(known) = pipelines.concatenations.get(&id) {
            return Ok(json!({"MediaConcatenationPipeline": known.shown}));
        }
        let arn = text(of, "MediaPipelineArn");
        let of = arn.rsplit('/').next().unwrap_or_default();
        if !pipelines.captures.contains_key(of) {
            return Err(not_found("MediaCapturePipeline", of));
        }
        let destination = text(&sink["S3BucketSinkConfiguration"], "Destination");
        let sink = Sink::of(&destination, &id)?;
        let shown = json!({
            "MediaPipelineId": id,
            "MediaPipelineArn": wire::pipeline_arn(&id),
            "Sources": body["Sources"],
            "Sinks": body["Sinks"],
            "Status": "Initializing",
            "CreatedTimestamp": now.to_string(),
            "UpdatedTimestamp": now.to_string(),
        });
        let concatenation = Concatenation {
            shown: shown.clone(),
            sink,
            of: of.to_owned(),
            begun: now,
            is_done: false,
        };
        self.tell(&id, "InProgress", None, now);
        pipelines.tokens.insert(token, id.clone());
        pipelines.concatenations.insert(id, concatenation);
        Ok(json!({"MediaConcatenationPipeline": shown}))
    }

    /// What becomes of a pipeline is told as what becomes of meetings is.
    fn tell(&self, pipeline: &str, what: &str, meeting: Option<&Meeting>, at: Timestamp) {
        let meeting = meeting.map_or(&Value::Null, |meeting| &meeting.shown);
        let event = wire::event_of_pipeline(pipeline, what, meeting, at);
        let _ = self.events.send(journal::marked(event));
    }

    /// A recorder leaves with its pipeline.
    fn retire(&self, state: &mut State, meeting: &str, recorder: &str, now: Timestamp) {
        if let Ok((meeting, shown)) = state.attendee(meeting, recorder)
            && meeting.part(recorder, now)
        {
            self.announce(meeting, "AttendeeLeft", Some(&shown), now);
        }
    }

    /// Captures end with their meetings, and what has been heard by now is written.
    pub(super) fn write(&self, state: &mut State, now: Timestamp) {
        let State {
            meetings,
            pipelines,
            ..
        } = state;
        let put = |sink: &Sink, name: &str, milliseconds: u64| {
            let Some(store) = &self.store else { return };
            let file = tone::mp4(milliseconds);
            if let Err(error) = store(&sink.bucket, &sink.key(name), &file) {
                tracing::warn!(%error, "a recording could not be written");
            }
        };
        for capture in pipelines.captures.values_mut() {
            if capture.stopped.is_none()
                && let Some(at) = meetings.get(&capture.meeting).and_then(Meeting::ended_at)
            {
                capture.stopped = Some(at);
                capture.shown["Status"] = "Stopped".into();
                let id = text(&capture.shown, "MediaPipelineId");
                self.tell(&id, "Deleted", meetings.get(&capture.meeting), at);
            }
            while let Some((name, length)) = capture.next(now) {
                put(&capture.sink, &name, length);
                capture.written += 1;
            }
        }
        for (id, concatenation) in &mut pipelines.concatenations {
            let capture = pipelines.captures.get(&concatenation.of);
            let ended = capture.and_then(|capture| Some((capture, capture.stopped?)));
            if let Some((capture, stopped)) = ended
                && !concatenation.is_done
                && stopped.max(concatenation.begun) + CONCATENATION <= now
            {
                put(&concatenation.sink, id, capture.length(now));
                concatenation.is_done = true;
                self.tell(id, "Deleted", None, now);
                concatenation.shown["Status"] = "Stopped".into();
            }
        }
    }

    /// The pipelines that run now, captures and concatenations.
    pub fn active_pipelines(&self) -> usize {
        self.lock().state.pipelines.active()
    }
}

fn too_many(message: &str) -> Failure {
    ("ResourceLimitExceededException", message.to_owned())
}

#[cfg(test)]
mod tests;
