//! Chime's media pipelines, as recordings need them: audio only, into one bucket.

use aws_sdk_chimesdkmediapipelines::{
    error::{BuildError, ProvideErrorMetadata, SdkError},
    types::{
        ArtifactsConcatenationConfiguration, ArtifactsConcatenationState, ArtifactsConfiguration,
        ArtifactsState, AudioArtifactsConcatenationState, AudioArtifactsConfiguration,
        AudioConcatenationConfiguration, AudioMuxType, ChimeSdkMeetingConcatenationConfiguration,
        ChimeSdkMeetingConfiguration, CompositedVideoConcatenationConfiguration, ConcatenationSink,
        ConcatenationSinkType, ConcatenationSource, ConcatenationSourceType,
        ContentArtifactsConfiguration, ContentConcatenationConfiguration,
        DataChannelConcatenationConfiguration, MediaCapturePipelineSourceConfiguration,
        MediaPipelineSinkType, MediaPipelineSourceType, MeetingEventsConcatenationConfiguration,
        S3BucketSinkConfiguration, TranscriptionMessagesConcatenationConfiguration,
        VideoArtifactsConfiguration, VideoConcatenationConfiguration,
    },
};
use enishi_shared::{
    App, Error, Result,
    app::{ConfigError, Configure, Env},
    store::failed,
};
use serde::{Deserialize, Serialize};

use super::{Bucket, captures, files};
use crate::matching::MatchingId;

/// `ACCOUNT_ID`: the account, whose number the names of meetings contain.
struct Account(String);

impl Configure for Account {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("ACCOUNT_ID")?.to_owned()))
    }
}

/// A pipeline at Chime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: String,
    arn: String,
}

/// What became of asking for a pipeline.
pub(super) enum Asked {
    /// It is there.
    Made(Pipeline),
    /// As many run as the account may have at once.
    NoPlace,
    /// What it was to be made of is not there.
    Gone,
}

/// Begins to capture a meeting, or finds that it was begun.
///
/// # Errors
/// `service_unavailable` when Chime does not answer.
pub(super) async fn capture(app: &App, id: MatchingId, meeting_id: &str) -> Result<Asked> {
    let artifacts = || {
        let audio = AudioArtifactsConfiguration::builder().mux_type(AudioMuxType::AudioOnly);
        let video = VideoArtifactsConfiguration::builder().state(ArtifactsState::Disabled);
        let content = ContentArtifactsConfiguration::builder().state(ArtifactsState::Disabled);
        let artifacts = ArtifactsConfiguration::builder()
            .audio(audio.build()?)
            .video(video.build()?)
            .content(content.build()?);
        Ok(artifacts.build())
    };
    let artifacts = built(artifacts())?;
    let configuration = ChimeSdkMeetingConfiguration::builder().artifacts_configuration(artifacts);
    let account = &app.config::<Account>()?.0;
    let folder = format!("{}{meeting_id}", captures(id));
    let request = app.media_pipelines().create_media_capture_pipeline();
    let answered = request
        // A meeting is captured once.
        .client_request_token(meeting_id)
        .source_type(MediaPipelineSourceType::ChimeSdkMeeting)
        .source_arn(format!("arn:aws:chime::{account}:meeting:{meeting_id}"))
        .sink_type(MediaPipelineSinkType::S3Bucket)
        .sink_arn(arn(app, &folder)?)
        .chime_sdk_meeting_configuration(configuration.build())
        .send()
        .await;
    asked(answered, |output| {
        let made = output.media_capture_pipeline?;
        Some((made.media_pipeline_id?, made.media_pipeline_arn?))
    })
}

/// Ends a capture; one that has ended is as good.
///
/// # Errors
/// `service_unavailable` when Chime does not answer.
pub(super) async fn stop(app: &App, pipeline: &Pipeline) -> Result<()> {
    let request = app.media_pipelines().delete_media_capture_pipeline();
    let answered = request.media_pipeline_id(&pipeline.id).send().await;
    asked(answered, |_| Some((String::new(), String::new()))).map(drop)
}

/// Begins to make one file of a capture, or finds that it was begun.
///
/// # Errors
/// `service_unavailable` when Chime does not answer.
pub(super) async fn concatenate(
    app: &App,
    id: MatchingId,
    capture: &Pipeline,
    attempt: u32,
) -> Result<Asked> {
    let place = arn(app, files(id).trim_end_matches('/'))?;
    let parts = || {
        let off = ArtifactsConcatenationState::Disabled;
        let audio = AudioConcatenationConfiguration::builder()
            .state(AudioArtifactsConcatenationState::Enabled);
        let video = VideoConcatenationConfiguration::builder().state(off.clone());
        let content = ContentConcatenationConfiguration::builder().state(off.clone());
        let data = DataChannelConcatenationConfiguration::builder().state(off.clone());
        let words = TranscriptionMessagesConcatenationConfiguration::builder().state(off.clone());
        let events = MeetingEventsConcatenationConfiguration::builder().state(off.clone());
        let composited = CompositedVideoConcatenationConfiguration::builder().state(off);
        let artifacts = ArtifactsConcatenationConfiguration::builder()
            .audio(audio.build()?)
            .video(video.build()?)
            .content(content.build()?)
            .data_channel(data.build()?)
            .transcription_messages(words.build()?)
            .meeting_events(events.build()?)
            .composited_video(composited.build()?);
        let configuration = ChimeSdkMeetingConcatenationConfiguration::builder()
            .artifacts_configuration(artifacts.build());
        let of = MediaCapturePipelineSourceConfiguration::builder()
            .media_pipeline_arn(&capture.arn)
            .chime_sdk_meeting_configuration(configuration.build());
        let source = ConcatenationSource::builder()
            .r#type(ConcatenationSourceType::MediaCapturePipeline)
            .media_capture_pipeline_source_configuration(of.build()?);
        let sink = S3BucketSinkConfiguration::builder().destination(place.clone());
        let sink = ConcatenationSink::builder()
            .r#type(ConcatenationSinkType::S3Bucket)
            .s3_bucket_sink_configuration(sink.build()?);
        Ok((source.build()?, sink.build()?))
    };
    let (source, sink) = built(parts())?;
    let request = app.media_pipelines().create_media_concatenation_pipeline();
    let answered = request
        .client_request_token(format!("{id}-{attempt}"))
        .sources(source)
        .sinks(sink)
        .send()
        .await;
    asked(answered, |output| {
        let made = output.media_concatenation_pipeline?;
        Some((made.media_pipeline_id?, made.media_pipeline_arn?))
    })
}

/// The file that a concatenation makes.
pub(super) fn file(id: MatchingId, concatenation: &Pipeline) -> String {
    format!("{}audio/{}.mp4", files(id), concatenation.id)
}

/// The ARN of a folder in the bucket.
fn arn(app: &App, folder: &str) -> Result<String> {
    let bucket = &app.config::<Bucket>()?.0;
    Ok(format!("arn:aws:s3:::{bucket}/{folder}"))
}

/// All that is required is there.
fn built<T>(parts: Result<T, BuildError>) -> Result<T> {
    parts.map_err(|error| Error::internal(error))
}

fn asked<O, E: ProvideErrorMetadata, R>(
    answered: Result<O, SdkError<E, R>>,
    made: impl FnOnce(O) -> Option<(String, String)>,
) -> Result<Asked> {
    match answered {
        Ok(output) => {
            let (id, arn) =
                made(output).ok_or_else(|| Error::internal("Chime answered no pipeline"))?;
            Ok(Asked::Made(Pipeline { id, arn }))
        }
        Err(error) => match error.code() {
            Some("ResourceLimitExceededException") => Ok(Asked::NoPlace),
            Some("NotFoundException") => Ok(Asked::Gone),
            Some("ThrottledClientException" | "ThrottlingException") => Err(Error::unavailable(2)),
            _ => Err(failed(error)),
        },
    }
}
