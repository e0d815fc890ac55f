//! Calls to services that have no AWS SDK: over the SDKs' own pooled connections, with the same
//! time-outs and the same bounded, jittered retries; a test makes them fail at the same place.

use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    orchestrator::{HttpRequest, OrchestratorError},
    result::SdkError,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::{
    app::{App, retries},
    error::Error,
};

/// What is worth another attempt, beside connections that break: `409` is how Stripe says that the
/// first attempt of the same call is still under way.
const AGAIN: &[u16] = &[409, 429, 500, 502, 503, 504];

/// The answer's status made the call fail; the body tells why.
#[derive(Debug, thiserror::Error)]
#[error("the service answered {}", .0.status())]
struct Refused(Box<http::Response<Bytes>>);

/// Sends a request and answers whatever the service answered in the end. At most three attempts: a
/// request that is not safe to repeat needs a key by which the service knows it.
///
/// # Errors
/// `service_unavailable` when nothing was answered.
pub async fn send(
    app: &App,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, Error> {
    let http = app
        .http()
        .ok_or_else(|| Error::internal("there is no HTTP client"))?;
    let uri = request.uri();
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(Error::internal("an outside address is incomplete"));
    };
    let host = authority.to_string();
    let base = format!("{scheme}://{host}");
    let operation = Operation::builder()
        // Retries are bounded for each service by itself, over all its calls.
        .service_name(host.clone())
        .operation_name("send")
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .endpoint_url(&base)
        .no_auth()
        .standard_retry(&retries())
        .retry_classifier(HttpStatusCodeClassifier::new_from_codes(AGAIN))
        .retry_classifier(TransientErrorClassifier::<Refused>::new())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .timeout_config(app.limits().of_calls())
        .serializer(|request: http::Request<Bytes>| {
            let (mut parts, body) = request.into_parts();
            let path = parts.uri.path_and_query().cloned();
            parts.uri = path.map_or_else(http::Uri::default, http::Uri::from);
            Ok(HttpRequest::try_from(http::Request::from_parts(
                parts,
                SdkBody::from(body),
            ))?)
        })
        .deserializer(|response| {
            let mut answer = http::Response::new(Bytes::copy_from_slice(
                response.body().bytes().unwrap_or_default(),
            ));
            let status = u16::from(response.status());
            *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
            for (name, value) in response.headers() {
                if let (Ok(name), Ok(value)) = (
                    http::HeaderName::try_from(name),
                    http::HeaderValue::try_from(value),
                ) {
                    answer.headers_mut().append(name, value);
                }
            }
            if AGAIN.contains(&status) {
                return Err(OrchestratorError::operation(Refused(Box::new(answer))));
            }
            Ok(answer)
        })
        .build();
    match operation.invoke(request).await {
        Ok(answer) => Ok(answer),
        Err(SdkError::ServiceError(refused)) => Ok(*refused.into_err().0),
        Err(error) => {
            // Its sentence tells the kind of failure and nothing of the request.
            tracing::warn!(host, %error, "an outside service did not answer");
            Err(Error::unavailable(1))
        }
    }
}
