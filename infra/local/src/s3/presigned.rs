//! Presigned URLs: whose they are, and until when they are valid by the stack's clock.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, Request, Uri, header};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use s3s::{S3Error, S3ErrorCode};

/// A week, the longest that a URL can be presigned for (SigV4).
const LONGEST_EXPIRY: i64 = 7 * 24 * 60 * 60;
/// How far ahead a signer's clock may be (S3).
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// The headers that [`unwrap`] adds.
const UNWRAPPED: [&str; 2] = ["x-amz-date", "x-amz-content-sha256"];

/// The credential scope of a presigned URL, `<key>/<date>/<region>/<service>/aws4_request`.
pub fn credential(uri: &Uri) -> Option<String> {
    query(uri).remove("X-Amz-Credential")
}

/// Moves a presigned URL's signature into the `Authorization` header, where the same canonical
/// request is signed, and looks whether the URL has expired: s3s would ask the system's clock.
pub(super) fn unwrap(request: &mut Request<Bytes>, now: Timestamp) -> Result<(), S3Error> {
    let wrong = |message: &'static str| {
        S3Error::with_message(S3ErrorCode::AuthorizationQueryParametersError, message)
    };
    let query = query(request.uri());
    let Some(signature) = query.get("X-Amz-Signature") else {
        return Ok(());
    };
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Err(wrong("only one of query and header may sign"));
    }
    let parameter = |name: &str| query.get(name).ok_or(wrong("a parameter is missing"));
    let date = parameter("X-Amz-Date")?;
    let signed_at = DateTime::strptime("%Y%m%dT%H%M%SZ", date)
        .and_then(|time| TimeZone::UTC.to_timestamp(time))
        .map_err(|_| wrong("X-Amz-Date is no time"))?;
    let expires = parameter("X-Amz-Expires")?
        .parse()
        .ok()
        .filter(|seconds| (1..=LONGEST_EXPIRY).contains(seconds))
        .ok_or(wrong("X-Amz-Expires must be from 1 second to a week"))?;
    let age = now.duration_since(signed_at);
    if age >= SignedDuration::from_secs(expires) {
        let message = "Request has expired";
        return Err(S3Error::with_message(S3ErrorCode::AccessDenied, message));
    }
    if age < -CLOCK_SKEW {
        let message = "Request is not valid yet";
        return Err(S3Error::with_message(S3ErrorCode::AccessDenied, message));
    }
    let authorization = format!(
        "{} Credential={}, SignedHeaders={}, Signature={signature}",
        parameter("X-Amz-Algorithm")?,
        parameter("X-Amz-Credential")?,
        parameter("X-Amz-SignedHeaders")?,
    );
    let rest: Vec<&str> = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.starts_with("X-Amz-Signature="))
        .collect();
    let uri = format!("{}?{}", request.uri().path(), rest.join("&"));
    let [date_name, digest_name] = UNWRAPPED.map(HeaderName::from_static);
    let headers = [
        (header::AUTHORIZATION, authorization.as_str()),
        (date_name, date.as_str()),
        (digest_name, "UNSIGNED-PAYLOAD"),
    ];
    for (name, value) in headers {
        let value = value.parse().map_err(|_| wrong("a parameter is wrong"))?;
        request.headers_mut().insert(name, value);
    }
    *request.uri_mut() = uri.parse().map_err(|_| wrong("a parameter is wrong"))?;
    Ok(())
}

/// That every `x-amz-` header is signed, as S3 wants it: whoever got a URL might else change what it is for.
/// What [`unwrap`] adds is in the URL.
pub(super) fn check_signed(request: &Request<Bytes>) -> Result<(), S3Error> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let Some(authorization) = authorization.and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let signed = authorization.split("SignedHeaders=").nth(1);
    let signed = signed.and_then(|rest| rest.split(',').next());
    let signed: Vec<&str> = signed.unwrap_or_default().trim().split(';').collect();
    let is_presigned = query(request.uri()).contains_key("X-Amz-SignedHeaders");
    let of_the_url = |name: &str| is_presigned && UNWRAPPED.contains(&name);
    let unsigned = request
        .headers()
        .keys()
        .map(HeaderName::as_str)
        .find(|name| name.starts_with("x-amz-") && !signed.contains(name) && !of_the_url(name));
    match unsigned {
        None => Ok(()),
        Some(name) => Err(S3Error::with_message(
            S3ErrorCode::AccessDenied,
            format!("There were headers present in the request which were not signed: {name}"),
        )),
    }
}

/// The parameters of a query, decoded.
pub(super) fn query(uri: &Uri) -> BTreeMap<String, String> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}
