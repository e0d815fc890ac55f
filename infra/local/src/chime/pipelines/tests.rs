//! Through what a request becomes; the real SDK speaks to them in the stories of visits.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Request;
use symphonia::core::{
    codecs::DecoderOptions, formats::FormatOptions, io::MediaSourceStream, meta::MetadataOptions,
    probe::Hint,
};
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::chime::Quotas;

/// Where what is written lands, in milliseconds of sound.
type Heard = Arc<Mutex<BTreeMap<String, u64>>>;

struct Stack {
    chime: Chime,
    clock: Arc<Mutex<Timestamp>>,
    heard: Heard,
}

/// How long a file sounds, as a decoder finds.
fn length(file: &[u8]) -> u64 {
    let file = Box::new(io::Cursor::new(file.to_vec()));
    let stream = MediaSourceStream::new(file, Default::default());
    let (format, meta) = (FormatOptions::default(), MetadataOptions::default());
    let probed = symphonia::default::get_probe().format(&Hint::new(), stream, &format, &meta);
    let mut probed = probed.unwrap().format;
    let parameters = probed.default_track().unwrap().codec_params.clone();
    let codecs = symphonia::default::get_codecs();
    let mut decoder = codecs
        .make(&parameters, &DecoderOptions::default())
        .unwrap();
    let mut decoded = 0;
    while let Ok(packet) = probed.next_packet() {
        decoded += decoder.decode(&packet).unwrap().frames() as u64;
    }
    let told = parameters.n_frames.unwrap();
    // The last frame is not used to its end.
    assert!((told..told + 1_024).contains(&decoded), "{told} {decoded}");
    told * 1_000 / 48_000
}

impl Stack {
    fn new() -> Self {
        let clock = Arc::new(Mutex::new("2026-11-25T10:00:00Z".parse().unwrap()));
        let heard = Heard::default();
        let (now, store) = (Arc::clone(&clock), Arc::clone(&heard));
        let quotas = Quotas {
            requests_per_second: None,
            media_pipelines: Some(2),
            ..Quotas::default()
        };
        let chime = Chime::new(
            Arc::new(move || *now.lock().unwrap_or_else(PoisonError::into_inner)),
            quotas,
            unbounded_channel().0,
        );
        let chime = chime.recording_to(Arc::new(move |bucket, key, file| {
            let place = format!("{bucket}/{key}");
            store.lock().unwrap().insert(place, length(file));
            Ok(())
        }));
        Self {
            chime,
            clock,
            heard,
        }
    }

    fn wait(&self, milliseconds: i64) {
        *self.clock.lock().unwrap() += SignedDuration::from_millis(milliseconds);
        self.chime.tick();
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = match body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let request = Request::builder().method(method).uri(path);
        let response = self.chime.handle(request.body(body).unwrap()).await;
        let answer = serde_json::from_slice(response.body()).unwrap_or_default();
        (response.status().as_u16(), answer)
    }

    async fn meeting(&self, name: &str) -> String {
        let body = json!({
            "ClientRequestToken": name, "ExternalMeetingId": name, "MediaRegion": "ap-northeast-1",
        });
        let (status, made) = self.send("POST", "/meetings", body).await;
        assert_eq!(status, 200);
        text(&made["Meeting"], "MeetingId")
    }

    async fn capture(&self, meeting: &str, token: &str) -> (u16, Value) {
        let body = json!({
            "ClientRequestToken": token,
            "SourceType": "ChimeSdkMeeting",
            "SourceArn": format!("arn:aws:chime::000000000000:meeting:{meeting}"),
            "SinkType": "S3Bucket", "SinkArn": format!("arn:aws:s3:::bucket/{token}"),
            "ChimeSdkMeetingConfiguration": {"ArtifactsConfiguration": {
                "Audio": {"MuxType": "AudioOnly"}, "Video": {"State": "Disabled"},
                "Content": {"State": "Disabled"},
            }},
        });
        self.send("POST", "/sdk-media-capture-pipelines", body)
            .await
    }

    async fn concatenate(&self, capture: &Value) -> (u16, Value) {
        let off = json!({"State": "Disabled"});
        let body = json!({
            "ClientRequestToken": "one-file",
            "Sources": [{
                "Type": "MediaCapturePipeline",
                "MediaCapturePipelineSourceConfiguration": {
                    "MediaPipelineArn": capture["MediaCapturePipeline"]["MediaPipelineArn"],
                    "ChimeSdkMeetingConfiguration": {"ArtifactsConfiguration": {
                        "Audio": {"State": "Enabled"}, "Video": off, "Content": off,
                        "DataChannel": off, "TranscriptionMessages": off, "MeetingEvents": off,
                        "CompositedVideo": off,
                    }},
                },
            }],
            "Sinks": [{
                "Type": "S3Bucket",
                "S3BucketSinkConfiguration": {"Destination": "arn:aws:s3:::bucket"},
            }],
        });
        self.send("POST", "/sdk-media-concatenation-pipelines", body)
            .await
    }
}

#[tokio::test]
async fn a_capture_writes_five_seconds_a_file_and_a_concatenation_one_of_all_when_it_has_ended() {
    let stack = Stack::new();
    let meeting = stack.meeting("visit").await;
    let (status, capture) = stack.capture(&meeting, "first").await;
    assert_eq!(status, 200);
    assert_eq!(
        stack.capture(&meeting, "first").await,
        (200, capture.clone())
    );
    // Before the meeting's end.
    let (status, made) = stack.concatenate(&capture).await;
    assert_eq!((status, stack.chime.active_pipelines()), (200, 2));
    stack.wait(12_300);
    let id = text(&capture["MediaCapturePipeline"], "MediaPipelineId");
    let path = format!("/sdk-media-capture-pipelines/{id}");
    assert_eq!(stack.send("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(stack.send("DELETE", &path, Value::Null).await.0, 404);
    stack.wait(29_000);
    assert_eq!(stack.chime.active_pipelines(), 1);
    stack.wait(1_000);
    assert_eq!(stack.chime.active_pipelines(), 0);
    let whole = text(&made["MediaConcatenationPipeline"], "MediaPipelineId");
    let expected = [
        (
            "bucket/first/audio/2026-11-25-10-00-00-000.mp4".into(),
            5_000,
        ),
        (
            "bucket/first/audio/2026-11-25-10-00-05-000.mp4".into(),
            5_000,
        ),
        (
            "bucket/first/audio/2026-11-25-10-00-10-000.mp4".into(),
            2_300,
        ),
        (format!("bucket/{whole}/audio/{whole}.mp4"), 12_300),
    ];
    assert_eq!(*stack.heard.lock().unwrap(), BTreeMap::from(expected));
    let path = format!("/sdk-media-pipelines/{whole}");
    let (_, shown) = stack.send("GET", &path, Value::Null).await;
    let shown = &shown["MediaPipeline"]["MediaConcatenationPipeline"];
    assert_eq!(shown["Status"], "Stopped");
}

#[tokio::test]
async fn there_are_so_many_pipelines_at_once_one_a_meeting_and_none_without_one() {
    let stack = Stack::new();
    let [first, second, third] = ["one", "two", "three"].map(|name| stack.meeting(name));
    let (first, second, third) = (first.await, second.await, third.await);
    assert_eq!(stack.capture(&first, "first").await.0, 200);
    let (status, refused) = stack.capture(&first, "again").await;
    assert_eq!(
        (status, &refused["Code"]),
        (400, &"ResourceLimitExceeded".into())
    );
    assert_eq!(stack.capture(&second, "second").await.0, 200);
    let (status, refused) = stack.capture(&third, "third").await;
    assert_eq!(
        (status, &refused["Code"]),
        (400, &"ResourceLimitExceeded".into())
    );
    // What was begun is known, however many there are.
    assert_eq!(stack.capture(&first, "first").await.0, 200);
    // A recorder keeps no meeting alive, and ends with it.
    stack.wait(5 * 60 * 1_000);
    assert_eq!(stack.chime.active_pipelines(), 0);
    assert_eq!(stack.capture(&third, "third").await.0, 404);
    // All of it was kept.
    let restarted = Stack::new();
    restarted.chime.restore(stack.chime.snapshot()).unwrap();
    let (status, known) = restarted.capture(&first, "first").await;
    let known = &known["MediaCapturePipeline"];
    assert_eq!((status, &known["Status"]), (200, &"Stopped".into()));
}
