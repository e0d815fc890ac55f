//! The wire format of Chime SDK Meetings and Media Pipelines: routes, the checks a request must pass, the JSON of
//! meetings and attendees, and answers. What happens to meetings is `chime.rs`'s concern.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

const REGION: &str = "ap-northeast-1";
const ACCOUNT: &str = "000000000000";
const MEDIA_REGIONS: &str = "af-south-1 ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 \
     ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-south-1 eu-west-1 eu-west-2 \
     eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2";
const MEDIA: [&str; 3] = ["Audio", "Video", "Content"];

/// The most attendees of a page.
const PAGE: usize = 100;

/// A request's operation, and the ids in its path (empty where it has none).
pub(super) struct Call<'a> {
    pub(super) name: &'static str,
    pub(super) meeting: &'a str,
    pub(super) attendee: &'a str,
    pub(super) pipeline: &'a str,
    /// The rest of the URL.
    pub(super) query: &'a str,
}

/// The modelled exception's name and its message.
pub(super) type Failure = (&'static str, String);

pub(super) fn route(request: &Request<Bytes>) -> Option<Call<'_>> {
    if request.uri().path().starts_with("/sdk-media-") {
        return route_of_pipelines(request);
    }
    let path = request.uri().path().strip_prefix("/meetings")?;
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let operation = request.uri().query().unwrap_or_default();
    let operation = operation
        .split('&')
        .find_map(|pair| pair.strip_prefix("operation="));
    let (post, get) = (Method::POST, Method::GET);
    let method = request.method();
    let (name, meeting, attendee) = match (parts.as_slice(), operation) {
        ([], None) if method == post => ("CreateMeeting", "", ""),
        ([], Some("create-attendees")) if method == post => ("CreateMeetingWithAttendees", "", ""),
        ([id], None) if method == get => ("GetMeeting", *id, ""),
        ([id], None) if method == Method::DELETE => ("DeleteMeeting", *id, ""),
        ([id, "attendees"], None) if method == post => ("CreateAttendee", *id, ""),
        ([id, "attendees"], None) if method == get => ("ListAttendees", *id, ""),
        ([id, "attendees"], Some("batch-create")) if method == post => {
            ("BatchCreateAttendee", *id, "")
        }
        ([id, "attendees", of], None) if method == get => ("GetAttendee", *id, *of),
        ([id, "attendees", of], None) if method == Method::DELETE => ("DeleteAttendee", *id, *of),
        _ => return None,
    };
    let complete =
        path.is_empty() || path.starts_with('/') && parts.iter().all(|part| !part.is_empty());
    complete.then_some(Call {
        name,
        meeting,
        attendee,
        pipeline: "",
        query: request.uri().query().unwrap_or_default(),
    })
}

fn route_of_pipelines(request: &Request<Bytes>) -> Option<Call<'_>> {
    let parts: Vec<&str> = request.uri().path().split('/').skip(1).collect();
    let method = request.method().as_str();
    let (name, pipeline) = match (method, parts.as_slice()) {
        ("POST", ["sdk-media-capture-pipelines"]) => ("CreateMediaCapturePipeline", ""),
        ("DELETE", ["sdk-media-capture-pipelines", id]) => ("DeleteMediaCapturePipeline", *id),
        ("POST", ["sdk-media-concatenation-pipelines"]) => ("CreateMediaConcatenationPipeline", ""),
        ("GET", ["sdk-media-pipelines", id]) => ("GetMediaPipeline", *id),
        _ => return None,
    };
    Some(Call {
        name,
        meeting: "",
        attendee: "",
        pipeline,
        query: "",
    })
}

/// A page of attendees, which stand in the order of their ids: those after the one that `next-token` is.
pub(super) fn page(attendees: &BTreeMap<String, Value>, query: &str) -> Result<Value, Failure> {
    let parameter = |name: &str| {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        parameters.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    let most = match parameter("max-results").map(|most| most.parse()) {
        None => PAGE,
        Some(Ok(most @ 1..=PAGE)) => most,
        Some(_) => return Err(bad("MaxResults must be 1 to 100")),
    };
    let after = parameter("next-token").map(|token| {
        let id = STANDARD_NO_PAD.decode(token).ok();
        let id = id.and_then(|id| String::from_utf8(id).ok());
        id.ok_or_else(|| bad("NextToken is invalid"))
    });
    let after = after.transpose()?;
    let rest = |id: &String| after.as_ref().is_none_or(|after| id > after);
    let mut left = attendees.iter().filter(|(id, _)| rest(id));
    let page: Vec<(&String, &Value)> = left.by_ref().take(most).collect();
    let mut answer = json!({
        "Attendees": page.iter().map(|(_, attendee)| attendee).collect::<Vec<_>>(),
    });
    if let (Some((last, _)), Some(_)) = (page.last(), left.next()) {
        answer["NextToken"] = STANDARD_NO_PAD.encode(last).into();
    }
    Ok(answer)
}

pub(super) fn meeting_arn(id: &str) -> String {
    format!("arn:aws:chime:{REGION}:{ACCOUNT}:meeting/{id}")
}

pub(super) fn pipeline_arn(id: &str) -> String {
    format!("arn:aws:chime:{REGION}:{ACCOUNT}:media-pipeline/{id}")
}

/// The required fields of CreateMeeting and CreateMeetingWithAttendees.
pub(super) struct MeetingAsked {
    pub(super) token: String,
    external: String,
    region: String,
}

impl MeetingAsked {
    pub(super) fn of(body: &Value) -> Result<Self, Failure> {
        let simple = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let asked = Self {
            token: field(body, "ClientRequestToken", simple)?,
            external: external(body, "ExternalMeetingId")?,
            region: field(body, "MediaRegion", simple)?,
        };
        if !MEDIA_REGIONS
            .split_whitespace()
            .any(|known| known == asked.region)
        {
            return Err(bad("MediaRegion is not available"));
        }
        let features = &body["MeetingFeatures"];
        for (medium, key, allowed) in [
            ("Audio", "EchoReduction", "AVAILABLE UNAVAILABLE"),
            ("Video", "MaxResolution", "None HD FHD"),
            ("Content", "MaxResolution", "None FHD UHD"),
        ] {
            let value = features[medium][key].as_str();
            if value.is_some_and(|value| !allowed.split(' ').any(|one| one == value)) {
                return Err(bad(&format!("{medium}.{key} must be one of {allowed}")));
            }
        }
        let most = features["Attendee"]["MaxCount"].as_i64();
        if most.is_some_and(|most| !(1..=250).contains(&most)) {
            return Err(bad("Attendee.MaxCount must be 1 to 250"));
        }
        Ok(asked)
    }
}

/// The items of a request for several attendees: 1 to `most`.
pub(super) fn attendees_asked(body: &Value, most: usize) -> Result<&[Value], Failure> {
    match body["Attendees"].as_array().map(Vec::as_slice) {
        Some(asked) if (1..=most).contains(&asked.len()) => Ok(asked),
        _ => Err(bad(&format!("Attendees must hold 1 to {most} items"))),
    }
}

/// `ExternalMeetingId` or `ExternalUserId`.
pub(super) fn external(body: &Value, name: &str) -> Result<String, Failure> {
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || c.is_whitespace()
            || ('À'..='ÿ').contains(&c)
            || "-_&@+=,(){}[]/«».:|'\"#".contains(c)
    };
    let value = field(body, name, allowed)?;
    let prefix = value.get(..4).unwrap_or_default();
    if prefix.eq_ignore_ascii_case("aws:") {
        return Err(bad(&format!("{name} must not begin with aws:")));
    }
    Ok(value)
}

/// A required text of 2 to 64 allowed characters.
fn field(body: &Value, name: &str, allowed: impl Fn(char) -> bool) -> Result<String, Failure> {
    let Some(value) = body[name].as_str() else {
        return Err(bad(&format!("{name} is required")));
    };
    if !(2..=64).contains(&value.chars().count()) || !value.chars().all(allowed) {
        return Err(bad(&format!("{name} must be 2 to 64 allowed characters")));
    }
    Ok(value.to_owned())
}

/// What an attendee may do: as asked, else as the meeting's features allow. Content can only be
/// received with video.
pub(super) fn capabilities(meeting: &Value, asked: &Value) -> Result<Value, Failure> {
    let off = |medium: &str| meeting["MeetingFeatures"][medium]["MaxResolution"] == "None";
    if asked.is_null() {
        let video = match (off("Video"), off("Content")) {
            (false, _) => "SendReceive",
            (true, false) => "Receive",
            (true, true) => "None",
        };
        let content = if off("Content") {
            "None"
        } else {
            "SendReceive"
        };
        return Ok(json!({"Audio": "SendReceive", "Video": video, "Content": content}));
    }
    for medium in MEDIA {
        match asked[medium].as_str() {
            Some("None") => {}
            Some("Send" | "Receive" | "SendReceive") if !off(medium) => {}
            _ => return Err(bad(&format!("Capabilities.{medium} is not possible"))),
        }
    }
    let receives = |medium: &str| text(asked, medium).ends_with("Receive");
    if receives("Content") && !receives("Video") {
        return Err(bad("Content can only be received with video"));
    }
    Ok(json!({
        "Audio": asked["Audio"],
        "Video": asked["Video"],
        "Content": asked["Content"],
    }))
}

/// All capabilities.
pub(super) fn send_receive() -> Value {
    json!({"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"})
}

/// A new meeting as the API shows it; absent, not null, where nothing was asked.
pub(super) fn meeting(id: &str, asked: &MeetingAsked, body: &Value) -> Value {
    let host = format!("m1.{}.chime.invalid", asked.region);
    let mut shown = json!({
        "MeetingId": id,
        "ExternalMeetingId": asked.external,
        "MediaRegion": asked.region,
        "MeetingArn": meeting_arn(id),
        "TenantIds": [],
        "MediaPlacement": {
            "AudioHostUrl": format!("{}.k.{host}:3478", id.replace('-', "")),
            "AudioFallbackUrl": format!("wss://wss.k.{host}:443/calls/{id}"),
            "SignalingUrl": format!("wss://signal.{host}/control/{id}"),
            "TurnControlUrl": format!("https://ccp.{host}/v2/turn_sessions"),
            "ScreenDataUrl": format!("wss://bitpw.{host}:443/v2/screen/{id}"),
            "ScreenViewingUrl": format!("wss://bitpw.{host}:443/ws/connect?X-BitHub-Call-Id={id}"),
            "ScreenSharingUrl": format!("wss://bitpw.{host}:443/v2/screen/{id}"),
            "EventIngestionUrl": format!("https://data.{host}/v1/client-events"),
        },
    });
    for name in [
        "MeetingHostId",
        "PrimaryMeetingId",
        "MeetingFeatures",
        "TenantIds",
    ] {
        if !body[name].is_null() {
            shown[name] = body[name].clone();
        }
    }
    shown
}

/// A new attendee as the API shows it; the join token is two ids in Base64, as the service's.
pub(super) fn attendee(user: &str, capabilities: Value) -> Value {
    let id = Uuid::now_v7().to_string();
    json!({
        "AttendeeId": id,
        "ExternalUserId": user,
        "JoinToken": STANDARD_NO_PAD.encode(format!("{id}:{}", Uuid::now_v7())),
        "Capabilities": capabilities,
    })
}

/// The EventBridge envelope of a state change; the service's own often lack an `id`, as this.
pub(super) fn event(meeting: &Value, kind: &str, attendee: Option<&Value>, at: Timestamp) -> Value {
    let mut detail = json!({
        "version": "0",
        "eventType": format!("chime:{kind}"),
        "timestamp": at.as_millisecond(),
        "meetingId": meeting["MeetingId"],
        "externalMeetingId": meeting["ExternalMeetingId"],
        "mediaRegion": meeting["MediaRegion"],
    });
    if let Some(attendee) = attendee {
        detail["attendeeId"] = attendee["AttendeeId"].clone();
        detail["externalUserId"] = attendee["ExternalUserId"].clone();
    }
    if ["AttendeeJoined", "AttendeeLeft", "AttendeeDropped"].contains(&kind) {
        detail["networkType"] = "Voip".into();
    }
    json!({
        "version": "0",
        "source": "aws.chime",
        "detail-type": "Chime Meeting State Change",
        "account": ACCOUNT,
        "region": REGION,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "resources": [],
        "detail": detail,
    })
}

/// The envelope of a change of a media pipeline.
pub(super) fn event_of_pipeline(id: &str, kind: &str, meeting: &Value, at: Timestamp) -> Value {
    let mut event = event(meeting, "MeetingStarted", None, at);
    event["detail-type"] = "Chime Media Pipeline State Change".into();
    event["detail"]["eventType"] = format!("chime:MediaPipeline{kind}").into();
    event["detail"]["mediaPipelineId"] = id.into();
    event
}

pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

pub(super) fn bad(message: &str) -> Failure {
    ("BadRequestException", message.to_owned())
}

pub(super) fn not_found(what: &str, id: &str) -> Failure {
    ("NotFoundException", format!("{what} <{id}> not found"))
}

pub(super) fn throttled() -> Failure {
    ("ThrottlingException", "Rate exceeded".to_owned())
}

/// The `Code` of an exception: its name without the ending.
pub(super) fn code(kind: &str) -> &str {
    kind.strip_suffix("Exception").unwrap_or(kind)
}

/// An answer, empty (204) for null, or a failure in the service's form.
pub(super) fn respond(answered: Result<Value, Failure>) -> Response<Bytes> {
    let id = Uuid::now_v7().to_string();
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-amzn-requestid", id);
    }
    let (status, body) = match answered {
        Ok(Value::Null) => (StatusCode::NO_CONTENT, Value::Null),
        Ok(body) => (StatusCode::OK, body),
        Err((kind, message)) => {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
            if kind == "ServiceUnavailableException" {
                headers.insert("retry-after", HeaderValue::from_static("1"));
            }
            let body = json!({"Code": code(kind), "Message": message, "RequestId": id});
            (status_of(kind), body)
        }
    };
    if !body.is_null() {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        *response.body_mut() = Bytes::from(body.to_string());
    }
    *response.status_mut() = status;
    response
}

fn status_of(kind: &str) -> StatusCode {
    match kind {
        "BadRequestException" | "LimitExceededException" | "ResourceLimitExceededException" => {
            StatusCode::BAD_REQUEST
        }
        "NotFoundException" | "UnknownOperationException" => StatusCode::NOT_FOUND,
        "ConflictException" => StatusCode::CONFLICT,
        "ThrottlingException" => StatusCode::TOO_MANY_REQUESTS,
        "ServiceUnavailableException" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
