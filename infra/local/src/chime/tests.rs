//! The stand-in against the real SDK, over loopback.

#![allow(clippy::unwrap_used, clippy::panic)]

use aws_sdk_chimesdkmeetings::config::retry::RetryConfig;
use aws_sdk_chimesdkmeetings::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_chimesdkmeetings::error::ProvideErrorMetadata;
use aws_sdk_chimesdkmeetings::types::{
    CreateAttendeeRequestItem, MediaCapabilities, Meeting as ShownMeeting,
    MeetingFeaturesConfiguration, VideoFeatures, VideoResolution,
};
use aws_sdk_chimesdkmeetings::{Client, Config};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

struct Stack {
    chime: Chime,
    client: Client,
    clock: Arc<Mutex<Timestamp>>,
    events: UnboundedReceiver<Value>,
}

impl Stack {
    async fn with(quotas: Quotas) -> Self {
        let clock = Arc::new(Mutex::new("2026-11-21T08:56:00.25+09:00".parse().unwrap()));
        let (sender, events) = unbounded_channel();
        let shared = clock.clone();
        let chime = Chime::new(Arc::new(move || *shared.lock().unwrap()), quotas, sender);
        let served = chime.clone();
        let endpoint = crate::secrets::loopback::serve(move |request| {
            let served = served.clone();
            async move { served.handle(request).await }
        });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(Credentials::new("Function", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint.await)
            .build();
        let client = Client::from_conf(config);
        Self {
            chime,
            client,
            clock,
            events,
        }
    }

    async fn new() -> Self {
        Self::with(Quotas {
            requests_per_second: None,
            ..Quotas::default()
        })
        .await
    }

    fn wait(&self, minutes: i64) {
        *self.clock.lock().unwrap() += SignedDuration::from_mins(minutes);
    }

    async fn try_open(&self, token: &str) -> Result<ShownMeeting, String> {
        let asked = self.client.create_meeting().client_request_token(token);
        let asked = asked
            .media_region("ap-northeast-1")
            .external_meeting_id("room-1");
        let answer = asked
            .send()
            .await
            .map_err(|error| error.into_service_error());
        answer
            .map(|made| made.meeting.unwrap())
            .map_err(|error| error.code().unwrap().to_owned())
    }

    async fn open(&self, token: &str) -> String {
        self.try_open(token).await.unwrap().meeting_id.unwrap()
    }

    async fn attend(&self, meeting: &str, user: &str) -> (String, String) {
        let asked = self
            .client
            .create_attendee()
            .meeting_id(meeting)
            .external_user_id(user);
        let attendee = asked.send().await.unwrap().attendee.unwrap();
        (attendee.attendee_id.unwrap(), attendee.join_token.unwrap())
    }

    /// The details of the events so far.
    fn heard(&mut self) -> Vec<Value> {
        let heard = std::iter::from_fn(|| self.events.try_recv().ok());
        heard.map(|mut event| event["detail"].take()).collect()
    }

    fn kinds(&mut self) -> Vec<String> {
        self.heard()
            .iter()
            .map(|detail| text(detail, "eventType"))
            .collect()
    }
}

fn item(user: impl Into<String>) -> CreateAttendeeRequestItem {
    CreateAttendeeRequestItem::builder()
        .external_user_id(user)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_meeting_lives_while_somebody_listens_and_ends_five_minutes_after() {
    let mut stack = Stack::new().await;
    let meeting = stack.open("room-1-g1").await;
    let (attendee, token) = stack.attend(&meeting, "u-1").await;
    assert_eq!(
        stack.chime.join(&meeting, &attendee, "x"),
        Err(JoinError::WrongToken)
    );
    assert_eq!(
        stack.chime.join(&meeting, "x", &token),
        Err(JoinError::NoAttendee)
    );
    stack.chime.join(&meeting, &attendee, &token).unwrap();
    stack.chime.join(&meeting, &attendee, &token).unwrap();
    stack.wait(60);
    assert_eq!(stack.chime.live_meetings()[0].present, ["u-1"]);
    stack.chime.disconnect(&meeting, &attendee).unwrap();
    stack.chime.leave(&meeting, &attendee).unwrap();
    stack.wait(4);
    assert!(
        stack
            .client
            .get_meeting()
            .meeting_id(&meeting)
            .send()
            .await
            .is_ok()
    );
    stack.wait(1);
    let gone = stack
        .client
        .get_meeting()
        .meeting_id(&meeting)
        .send()
        .await
        .unwrap_err();
    assert!(gone.into_service_error().is_not_found_exception());
    assert_eq!(
        stack.chime.join(&meeting, &attendee, &token),
        Err(JoinError::NoMeeting)
    );
    let kinds = [
        "MeetingStarted",
        "AttendeeAdded",
        "AttendeeJoined",
        "AttendeeAuthorized",
    ];
    let kinds = kinds.into_iter().chain(["AttendeeDropped", "MeetingEnded"]);
    assert_eq!(
        stack.kinds(),
        kinds
            .map(|kind| format!("chime:{kind}"))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_meeting_ends_after_a_day_and_a_recorder_alone_keeps_none_alive() {
    let stack = Stack::new().await;
    let long = stack.open("long").await;
    let (attendee, token) = stack.attend(&long, "u-1").await;
    stack.chime.join(&long, &attendee, &token).unwrap();
    let recorded = stack.open("recorded").await;
    stack.chime.join_recorder(&recorded).unwrap();
    assert_eq!(stack.chime.live_meetings().len(), 2);
    stack.wait(24 * 60 - 1);
    assert_eq!(stack.chime.live_meetings().len(), 1);
    stack.wait(1);
    assert_eq!(stack.chime.live_meetings(), []);
}

#[tokio::test]
async fn an_event_is_an_eventbridge_envelope_without_an_id() {
    let mut stack = Stack::new().await;
    let meeting = stack.open("room-1-g1").await;
    let (attendee, token) = stack.attend(&meeting, "u-1").await;
    stack.heard();
    stack.chime.join(&meeting, &attendee, &token).unwrap();
    let envelope = json!({
        "version": "0",
        "source": "aws.chime",
        "detail-type": "Chime Meeting State Change",
        "account": "000000000000",
        "region": "ap-northeast-1",
        "time": "2026-11-20T23:56:00Z",
        "resources": [],
        "detail": {
            "version": "0",
            "eventType": "chime:AttendeeJoined",
            "timestamp": 1_795_218_960_250_i64,
            "meetingId": meeting,
            "attendeeId": attendee,
            "externalUserId": "u-1",
            "externalMeetingId": "room-1",
            "mediaRegion": "ap-northeast-1",
            "networkType": "Voip",
        },
    });
    assert_eq!(stack.events.recv().await.unwrap(), envelope);
}

#[tokio::test]
async fn a_token_gives_one_meeting_even_after_its_end() {
    let stack = Stack::new().await;
    let first = stack.open("room-1-g1").await;
    assert_eq!(stack.open("room-1-g1").await, first);
    stack
        .client
        .delete_meeting()
        .meeting_id(&first)
        .send()
        .await
        .unwrap();
    let again = stack
        .client
        .delete_meeting()
        .meeting_id(&first)
        .send()
        .await
        .unwrap_err();
    assert!(again.into_service_error().is_not_found_exception());
    assert_eq!(stack.open("room-1-g1").await, first);
    let late = stack
        .client
        .create_attendee()
        .meeting_id(&first)
        .external_user_id("u-1");
    let late = late.send().await.unwrap_err().into_service_error();
    assert!(late.is_not_found_exception());
    assert_ne!(stack.open("room-1-g2").await, first);
    let restarted = Stack::new().await;
    restarted.chime.restore(stack.chime.snapshot()).unwrap();
    assert_eq!(restarted.open("room-1-g1").await, first);
    assert_eq!(restarted.chime.live_meetings(), stack.chime.live_meetings());
}

#[tokio::test]
async fn an_external_user_is_one_attendee_and_a_batch_tells_what_it_could_not_make() {
    let stack = Stack::new().await;
    let meeting = stack.open("room-1-g1").await;
    let (attendee, _) = stack.attend(&meeting, "u-1").await;
    assert_eq!(stack.attend(&meeting, "u-1").await.0, attendee);
    let batch = |users: Vec<String>| {
        let items = users.into_iter().map(item).collect();
        let asked = stack.client.batch_create_attendee().meeting_id(&meeting);
        asked.set_attendees(Some(items)).send()
    };
    let users = ["u-1", "u-2", "u-2", "aws:u"].map(str::to_owned);
    let some = batch(users.to_vec()).await.unwrap();
    assert_eq!(some.attendees().len(), 2);
    assert_eq!(some.attendees()[0].attendee_id(), Some(attendee.as_str()));
    let codes = some.errors().iter().filter_map(|error| error.error_code());
    assert_eq!(codes.collect::<Vec<_>>(), ["Conflict", "BadRequest"]);
    for start in [100, 200] {
        batch((start..start + 100).map(|n| format!("u-{n}")).collect())
            .await
            .unwrap();
    }
    let last = batch((300..349).map(|n| format!("u-{n}")).collect())
        .await
        .unwrap();
    assert_eq!((last.attendees().len(), last.errors().len()), (48, 1));
    assert_eq!(last.errors()[0].error_code(), Some("LimitExceeded"));
    let beyond = stack
        .client
        .create_attendee()
        .meeting_id(&meeting)
        .external_user_id("u-999");
    let beyond = beyond.send().await.unwrap_err().into_service_error();
    assert!(beyond.is_limit_exceeded_exception());
    let many = batch((0..101).map(|n| format!("v-{n}")).collect())
        .await
        .unwrap_err();
    assert!(many.into_service_error().is_bad_request_exception());
}

#[tokio::test]
async fn a_meeting_comes_with_ten_attendees_at_most() {
    let stack = Stack::new().await;
    let video = VideoFeatures::builder()
        .max_resolution(VideoResolution::None)
        .build();
    let open = |token: &str, users: usize| {
        let asked = stack
            .client
            .create_meeting_with_attendees()
            .client_request_token(token);
        let asked = asked
            .media_region("ap-northeast-1")
            .external_meeting_id("room-1");
        let features = MeetingFeaturesConfiguration::builder()
            .video(video.clone())
            .build();
        let users = (0..users).map(|n| item(format!("u-{n}"))).collect();
        asked
            .meeting_features(features)
            .set_attendees(Some(users))
            .send()
    };
    let eleven = open("a-11", 11).await.unwrap_err().into_service_error();
    assert!(eleven.is_bad_request_exception());
    let made = open("a-10", 10).await.unwrap();
    assert_eq!((made.attendees().len(), made.errors().len()), (10, 0));
    let capabilities = made.attendees()[0].capabilities().unwrap();
    assert_eq!(capabilities.video(), &MediaCapabilities::Receive);
    let again = open("a-10", 10).await.unwrap();
    assert_eq!(again.attendees(), made.attendees());
    let meeting = made.meeting().unwrap();
    let signaling = meeting.media_placement().unwrap().signaling_url().unwrap();
    assert!(signaling.starts_with("wss://") && signaling.contains(".invalid/"));
    assert_eq!(meeting.meeting_host_id(), None);
    let id = meeting.meeting_id().unwrap();
    let attendee = made.attendees()[9].attendee_id().unwrap();
    let get = stack
        .client
        .get_attendee()
        .meeting_id(id)
        .attendee_id(attendee);
    let delete = stack
        .client
        .delete_attendee()
        .meeting_id(id)
        .attendee_id(attendee);
    assert_eq!(
        get.clone().send().await.unwrap().attendee(),
        made.attendees().last()
    );
    delete.send().await.unwrap();
    assert!(
        get.send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_not_found_exception()
    );
}

#[tokio::test]
async fn what_the_service_would_refuse_is_a_bad_request() {
    let stack = Stack::new().await;
    for (token, external, region) in [
        ("x", "room-1", "ap-northeast-1"),
        ("a b", "room-1", "ap-northeast-1"),
        ("token", "AWS:room", "ap-northeast-1"),
        ("token", "room;1", "ap-northeast-1"),
        ("token", "room-1", "mars-north-1"),
    ] {
        let asked = stack.client.create_meeting().client_request_token(token);
        let asked = asked.external_meeting_id(external).media_region(region);
        let refused = asked.send().await.unwrap_err().into_service_error();
        assert!(
            refused.is_bad_request_exception(),
            "{token} {external} {region}"
        );
    }
    let unset = stack
        .client
        .create_meeting()
        .media_region("ap-northeast-1")
        .send()
        .await;
    assert!(
        unset
            .unwrap_err()
            .into_service_error()
            .is_bad_request_exception()
    );
    let odd = stack
        .client
        .get_meeting()
        .meeting_id("odd")
        .send()
        .await
        .unwrap_err();
    assert!(odd.into_service_error().is_bad_request_exception());
}

#[tokio::test]
async fn quotas_throttle_each_operation_and_bound_the_meetings() {
    let stack = Stack::with(Quotas {
        requests_per_second: Some(0.001),
        burst: 3,
        concurrent_meetings: Some(2),
        ..Quotas::default()
    });
    let stack = stack.await;
    let meeting = stack.open("a-1").await;
    stack.open("a-2").await;
    assert_eq!(
        stack.try_open("a-3").await.unwrap_err(),
        "LimitExceededException"
    );
    assert_eq!(
        stack.try_open("a-4").await.unwrap_err(),
        "ThrottlingException"
    );
    assert!(
        stack
            .client
            .get_meeting()
            .meeting_id(meeting)
            .send()
            .await
            .is_ok()
    );
    assert_eq!(stack.chime.requests()["CreateMeeting"], 4);
}

#[tokio::test]
async fn a_fault_befalls_one_request() {
    let stack = Stack::new().await;
    for (fault, code) in [
        (Fault::Throttled, "ThrottlingException"),
        (Fault::Unavailable, "ServiceUnavailableException"),
        (Fault::Conflict, "ConflictException"),
        (Fault::Lost, "ServiceFailureException"),
    ] {
        stack.chime.inject("CreateMeeting", fault);
        assert_eq!(stack.try_open("room-1-g1").await.unwrap_err(), code);
        let carried_out = matches!(fault, Fault::Conflict | Fault::Lost);
        assert_eq!(stack.chime.live_meetings().len(), usize::from(carried_out));
    }
    stack.open("room-1-g1").await;
    assert_eq!(stack.chime.live_meetings().len(), 1);
}

#[test]
fn a_request_is_known_by_its_action_and_its_meeting() {
    let chime = Chime::new(
        Arc::new(|| Timestamp::UNIX_EPOCH),
        Quotas::default(),
        unbounded_channel().0,
    );
    let action = |method: &str, uri: &str| {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::new());
        chime.actions(&request.unwrap())
    };
    let of_m = "arn:aws:chime:ap-northeast-1:000000000000:meeting/m";
    let of_p = "arn:aws:chime:ap-northeast-1:000000000000:media-pipeline/p";
    for (method, uri, name, resource) in [
        ("POST", "/meetings", "CreateMeeting", "*"),
        (
            "POST",
            "/meetings?operation=create-attendees",
            "CreateMeetingWithAttendees",
            "*",
        ),
        ("POST", "/meetings/m/attendees", "CreateAttendee", of_m),
        (
            "POST",
            "/meetings/m/attendees?operation=batch-create",
            "BatchCreateAttendee",
            of_m,
        ),
        ("DELETE", "/meetings/m/attendees/a", "DeleteAttendee", of_m),
        (
            "POST",
            "/sdk-media-capture-pipelines",
            "CreateMediaCapturePipeline",
            "*",
        ),
        (
            "DELETE",
            "/sdk-media-capture-pipelines/p",
            "DeleteMediaCapturePipeline",
            of_p,
        ),
    ] {
        let expected = vec![(format!("chime:{name}"), resource.to_owned())];
        assert_eq!(action(method, uri), Some((name, expected)));
    }
    for uri in [
        "/meetings/",
        "/meetingsx",
        "/sdk-media-live-connector-pipelines",
        "/meetings/m/attendees?operation=other",
        "/",
    ] {
        assert_eq!(action("POST", uri), None, "{uri}");
    }
}

#[tokio::test]
async fn attendees_are_listed_page_by_page() {
    let stack = Stack::new().await;
    let meeting = stack.open("token").await;
    let mut expected = Vec::new();
    for user in ["u-1", "u-2", "u-3"] {
        expected.push(stack.attend(&meeting, user).await.0);
    }
    expected.sort();
    let list = || stack.client.list_attendees().meeting_id(&meeting);
    let ids = |attendees: &[aws_sdk_chimesdkmeetings::types::Attendee]| -> Vec<String> {
        let ids = attendees
            .iter()
            .map(|one| one.attendee_id().unwrap().to_owned());
        ids.collect()
    };
    let all = list().send().await.unwrap();
    assert_eq!(ids(all.attendees()), expected);
    assert_eq!(all.next_token(), None);
    let first = list().max_results(2).send().await.unwrap();
    assert_eq!(ids(first.attendees()), expected[..2]);
    let rest = list().max_results(2).set_next_token(first.next_token);
    let rest = rest.send().await.unwrap();
    assert_eq!(
        (ids(rest.attendees()), rest.next_token()),
        (expected[2..].to_vec(), None)
    );
    for refused in [list().max_results(101), list().next_token("!")] {
        let error = refused.send().await.unwrap_err().into_service_error();
        assert!(error.is_bad_request_exception());
    }
}
