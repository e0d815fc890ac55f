//! Serving HTTP: the extractors that turn bad input into the error body, and the service every
//! HTTP function runs as, in the cloud and behind the local gateway alike.
//!
//! Limits: a body of 256 KB (413), an answer in time (408, after 10 s in the cloud). A panic answers 500.

use std::{collections::BTreeSet, convert::Infallible, time::Instant};

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use garde::Validate;
use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::{Service, ServiceExt, util::BoxCloneSyncService};
use tracing::Instrument as _;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::App,
    error::{Code, Error, ErrorBody},
};
use faults::{Fault, Shape, checked, fault};
use strict::{Distinct, Strict};

mod faults;
mod strict;

/// The largest body a function takes, in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// A JSON body, checked: sent as `application/json`, an object, no unknown fields, valid.
pub struct Json<T>(pub T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned + Validate<Context = ()> + ToSchema,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::invalid_format(
                "send the body as Content-Type: application/json",
            ));
        }
        let body = to_bytes(request.into_body(), BODY_LIMIT)
            .await
            .map_err(|_| Error::new(Code::PayloadTooLarge, "the body is larger than 256 KB"))?;
        parse_json(&body).map(Self)
    }
}

/// A JSON body that may be left out altogether: then it is `T::default()`.
pub struct OptionalJson<T>(pub T);

impl<T, S> FromRequest<S> for OptionalJson<T>
where
    T: DeserializeOwned + Validate<Context = ()> + ToSchema + Default,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if axum::body::HttpBody::is_end_stream(request.body()) {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state)
            .await
            .map(|Json(body)| Self(body))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|mime| mime.trim().to_ascii_lowercase())
        .is_some_and(|mime| {
            mime == "application/json"
                || (mime.starts_with("application/") && mime.ends_with("+json"))
        })
}

/// A value from the bytes of a JSON object, checked.
pub(crate) fn parse_json<T>(body: &[u8]) -> Result<T, Error>
where
    T: DeserializeOwned + Validate<Context = ()> + ToSchema,
{
    let no_json = || Error::invalid_format("the body is not valid JSON");
    let no_object = || Error::invalid_format("the body must be a JSON object");
    let mut json = serde_json::Deserializer::from_slice(body);
    let twice = match serde_path_to_error::deserialize(&mut json) {
        Ok(Distinct(value)) => {
            json.end().map_err(|_| no_json())?;
            return match value.is_object() {
                true => from_value(value),
                false => Err(no_object()),
            };
        }
        Err(error) if error.inner().is_data() => fault(&error),
        Err(_) => return Err(no_json()),
    };
    // Of two fields of one name the last is what is looked at further.
    let request: Value = serde_json::from_slice(body).map_err(|_| no_json())?;
    if !request.is_object() {
        return Err(no_object());
    }
    let mut first = vec![twice];
    first.extend(read_value::<T>(&request).err().into_iter().flatten());
    Err(all_faults::<T>(request, first))
}

/// A value out of JSON that was read already, checked like a body.
pub(crate) fn from_value<T>(value: Value) -> Result<T, Error>
where
    T: DeserializeOwned + Validate<Context = ()> + ToSchema,
{
    read_value(&value).map_err(|first| all_faults::<T>(value, first))
}

fn read_value<T>(value: &Value) -> Result<T, Vec<Fault>>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    checked(serde_path_to_error::deserialize(Strict(value.clone())).map_err(|error| fault(&error)))
}

fn all_faults<T>(request: Value, first: Vec<Fault>) -> Error
where
    T: DeserializeOwned + Validate<Context = ()> + ToSchema,
{
    faults::all(&Shape::of_body::<T>(), request, first, |request| {
        read_value::<T>(request).map(drop)
    })
}

/// The query string, checked like a body.
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned + Validate<Context = ()> + IntoParams,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let query = parts.uri.query().unwrap_or_default();
        read_query(query).map(Self).map_err(|first| {
            let request = form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| (name.into_owned(), Value::from(value)))
                .collect();
            let shape = Shape::of_query(&T::into_params(|| None));
            faults::all(&shape, Value::Object(request), first, |request| {
                let mut query = form_urlencoded::Serializer::new(String::new());
                for (name, value) in request.as_object().into_iter().flatten() {
                    match value {
                        Value::String(text) => query.append_pair(name, text),
                        other => query.append_pair(name, &other.to_string()),
                    };
                }
                read_query::<T>(&query.finish()).map(drop)
            })
        })
    }
}

fn read_query<T>(query: &str) -> Result<T, Vec<Fault>>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    checked(serde_path_to_error::deserialize(pairs).map_err(|error| fault(&error)))
}

/// One path parameter. What cannot be one is answered 404, like any other unknown path.
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Error::not_found("path"))
    }
}

/// The caller's address as API Gateway saw it (`requestContext.http.sourceIp`), for throttles.
pub struct SourceIp(pub String);

impl<S: Send + Sync> FromRequestParts<S> for SourceIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                context.http.source_ip.clone().unwrap_or_default()
            }
            _ => String::new(),
        }))
    }
}

/// An HTTP function, ready to be called with API Gateway's requests.
pub type HttpService =
    BoxCloneSyncService<lambda_http::Request, axum::http::Response<lambda_http::Body>, Infallible>;

/// Wraps a function's endpoints: both spellings of a path that is documented with a trailing
/// slash, the limits, the log line, and the error body for whatever goes wrong, with `error` in it
/// where `error_field` says so.
pub fn service(app: App, endpoints: OpenApiRouter<App>, error_field: bool) -> HttpService {
    let (router, openapi) = endpoints.split_for_parts();
    let slashed: BTreeSet<String> = openapi
        .paths
        .paths
        .into_keys()
        .filter(|path| path.len() > 1 && path.ends_with('/'))
        .collect();
    let mut router = router
        .fallback(|| async { Error::not_found("path") })
        .method_not_allowed_fallback(|| async {
            Error::new(Code::MethodNotAllowed, "the path does not take this method")
        })
        .layer(axum::middleware::from_fn_with_state(app.clone(), guard))
        .with_state(app)
        .into_service::<lambda_http::Body>();
    BoxCloneSyncService::new(tower::service_fn(
        move |mut request: lambda_http::Request| {
            let path = request.uri().path();
            if !path.ends_with('/')
                && slashed.contains(&format!("{path}/"))
                && let Some(uri) = with_slash(request.uri())
            {
                *request.uri_mut() = uri;
            }
            let answer = router.call(request);
            async move {
                let answer = whole(answer.await?).await;
                Ok(match error_field {
                    true => answer.map(with_error_field),
                    false => answer,
                })
            }
        },
    ))
}

/// An error body with its `message` as `error` too; any other body as it is.
fn with_error_field(body: lambda_http::Body) -> lambda_http::Body {
    let lambda_http::Body::Text(text) = &body else {
        return body;
    };
    match serde_json::from_str::<ErrorBody>(text) {
        Ok(mut error) => {
            error.error = Some(error.message.clone());
            serde_json::to_string(&error).map_or(body, lambda_http::Body::Text)
        }
        Err(_) => body,
    }
}

/// The answer with its body in one piece, as Lambda takes it.
async fn whole(response: Response) -> axum::http::Response<lambda_http::Body> {
    let (parts, body) = response.into_parts();
    // Our own bodies are in memory already: reading them neither fails nor waits.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = match String::from_utf8(bytes.into()) {
        Ok(text) if text.is_empty() => lambda_http::Body::Empty,
        Ok(text) => lambda_http::Body::Text(text),
        Err(binary) => lambda_http::Body::Binary(binary.into_bytes()),
    };
    axum::http::Response::from_parts(parts, body)
}

fn with_slash(uri: &Uri) -> Option<Uri> {
    let path = format!("{}/", uri.path());
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.try_into().ok()?);
    Uri::from_parts(parts).ok()
}

/// How long it took, in milliseconds. The log's JSON has no numbers beyond 64 bits.
pub(crate) fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Gives every line that is logged meanwhile the id that the caller has in the header `apigw-requestid`.
async fn guard(
    State(app): State<App>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let id = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.as_deref(),
        _ => None,
    };
    let span = tracing::info_span!("request", "apigw-requestid" = id);
    guarded(app, route, request, next).instrument(span).await
}

/// The log line says method, route, status and time; no path, header or body, which could hold a
/// person or a token.
async fn guarded(app: App, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let handled = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind();
    let limit = app.limits().answer;
    let mut response = match tokio::time::timeout(limit, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Error::internal("a handler panicked").into_response(),
        Err(_) => Error::late(limit).into_response(),
    };
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    tracing::info!(
        %method,
        route = route.as_ref().map_or("", MatchedPath::as_str),
        status = response.status().as_u16(),
        milliseconds = milliseconds(started),
        "request"
    );
    response
}

/// Calls an HTTP function with a payload-2.0 event and gives its answer, as Lambda would.
pub async fn invoke(
    service: HttpService,
    event: serde_json::Value,
) -> Result<serde_json::Value, lambda_http::Error> {
    let request: lambda_http::request::LambdaRequest = serde_json::from_value(event)?;
    let event = lambda_http::LambdaEvent::new(request, lambda_http::Context::default());
    let response = lambda_http::Adapter::from(service).oneshot(event).await?;
    Ok(serde_json::to_value(response)?)
}

/// An answer without content.
pub fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = axum::http::StatusCode::NO_CONTENT;
    response
}
