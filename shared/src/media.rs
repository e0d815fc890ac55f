//! Files in S3: the browser sends one straight to the bucket with a presigned PUT, so
//! that no file passes through a function.
//!
//! The uploader declares type, size and SHA-256; all three are signed, so the bucket takes exactly
//! that file, once (`if-none-match: *`), within five minutes. What the file really shows is the
//! service's to check. Buckets, keys and who may read them are the services' too.
//!
//! A presigned PUT cannot be taken back: whoever erases somebody's files erases them once more after
//! [`UPLOADS_END`].
//!
//! Public files have an address that everybody reads them at. Private ones have none: who may see one
//! gets a presigned GET, which ends soon.

pub mod picture;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use aws_sdk_s3::{operation::get_object::GetObjectError, presigning::PresigningConfig};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{TryStreamExt as _, stream};
use http::header;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Result,
    app::App,
    error::Error,
    store::{OrFailed as _, failed},
};

/// How long a presigned PUT is valid.
const VALID_FOR: Duration = Duration::from_secs(5 * 60);
/// How long after it was allowed an upload has ended: it begins while the presigned PUT is valid, and
/// may take its time on a slow line.
pub const UPLOADS_END: SignedDuration = SignedDuration::from_hours(1);
/// For how long caches keep a file, and so the longest that one is seen after it was erased. Asking
/// again is cheap: a key's file never changes.
const CACHE_CONTROL: &str = "public, max-age=300";
/// Requests at once while a prefix is deleted.
const DELETES_AT_ONCE: usize = 8;

/// The file that somebody is about to upload. Which types and sizes are taken is the service's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its media type, in lower case and without parameters.
    pub content_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, as [`is_sha256`] wants it.
    pub sha256: String,
}

/// A presigned PUT of a private file: where and how to send it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrivatePut {
    /// PUT the file here, with `headers` and nothing else that the browser does not set by itself.
    /// 412 means that the file is there already.
    #[schema(
        format = "uri",
        example = "https://certificates.s3.ap-northeast-1.amazonaws.com/certificates/1?X-Amz-Signature=1"
    )]
    pub upload_url: String,
    /// Headers that must be sent as they are. Host and length are signed too; the browser sets
    /// those.
    #[schema(example = json!({"content-type": "image/jpeg", "if-none-match": "*"}))]
    pub headers: BTreeMap<String, String>,
    /// From this moment on `upload_url` is refused.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:05:00Z")]
    pub expires_at: Timestamp,
}

/// A presigned PUT: where and how to send the file, and where it is afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PresignedPut {
    /// PUT the file here, with `headers` and nothing else that the browser does not set by itself.
    /// 412 means that the file is there already.
    #[schema(
        format = "uri",
        example = "https://photos.s3.ap-northeast-1.amazonaws.com/photos/1.jpg?X-Amz-Signature=1"
    )]
    pub upload_url: String,
    /// Headers that must be sent as they are. Host and length are signed too; the browser sets
    /// those.
    #[schema(example = json!({"content-type": "image/jpeg", "if-none-match": "*"}))]
    pub headers: BTreeMap<String, String>,
    /// From this moment on `upload_url` is refused.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:05:00Z")]
    pub expires_at: Timestamp,
    /// Where the file can be read once it is there.
    #[schema(format = "uri", example = "https://photos.example.com/photos/1.jpg")]
    pub url: String,
}

/// Allows `upload`, and nothing else, to be PUT once to `key` in `bucket` within five minutes.
/// `public_url` is the address the bucket's objects are read under, without a slash at the end;
/// `key` consists of `A–Z a–z 0–9 - _ .` and slashes. Makes no request. The function needs
/// `s3:PutObject`.
///
/// # Errors
/// `invalid_parameter` on `sha256`.
pub async fn presign_put(
    app: &App,
    bucket: &str,
    key: &str,
    public_url: &str,
    upload: &Upload,
) -> Result<PresignedPut> {
    let put = signed_put(app, bucket, key, CACHE_CONTROL, upload).await?;
    Ok(PresignedPut {
        upload_url: put.upload_url,
        headers: put.headers,
        expires_at: put.expires_at,
        url: format!("{public_url}/{key}"),
    })
}

/// [`presign_put`] of a private file, which has no address.
///
/// # Errors
/// `invalid_parameter` on `sha256`.
pub async fn presign_private_put(
    app: &App,
    bucket: &str,
    key: &str,
    upload: &Upload,
) -> Result<PrivatePut> {
    signed_put(app, bucket, key, "no-store", upload).await
}

async fn signed_put(
    app: &App,
    bucket: &str,
    key: &str,
    cache_control: &str,
    upload: &Upload,
) -> Result<PrivatePut> {
    let digest = digest(&upload.sha256).ok_or_else(|| {
        Error::invalid("sha256", "sha256 must be 64 lower-case hexadecimal digits")
    })?;
    let checksum = BASE64_STANDARD.encode(digest);
    let size =
        i64::try_from(upload.size).map_err(|_| Error::invalid("size", "size is too large"))?;
    let (config, expires_at) = valid_for(app, VALID_FOR)?;
    let signed = app
        .s3()
        .put_object()
        .bucket(bucket)
        .key(key)
        .content_type(&upload.content_type)
        .content_length(size)
        .checksum_sha256(checksum)
        .if_none_match("*")
        .cache_control(cache_control)
        .presigned(config)
        .await
        .or_failed()?;
    let set_by_browsers = [header::CONTENT_LENGTH.as_str(), header::HOST.as_str()];
    Ok(PrivatePut {
        upload_url: signed.uri().to_owned(),
        headers: signed
            .headers()
            .filter(|(name, _)| !set_by_browsers.contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        expires_at,
    })
}

/// From now on, for so long, and until when that is. Signatures know whole seconds.
fn valid_for(app: &App, time: Duration) -> Result<(PresigningConfig, Timestamp)> {
    let now =
        Timestamp::from_second(app.now().as_second()).map_err(|error| Error::internal(error))?;
    let config = PresigningConfig::builder()
        .start_time(SystemTime::from(now))
        .expires_in(time)
        .build()
        .map_err(|error| Error::internal(error))?;
    let end = now.checked_add(time);
    Ok((config, end.map_err(|error| Error::internal(error))?))
}

/// An address at which a private file can be read for so long, and by whoever has it. Makes no request.
/// The function needs `s3:GetObject`.
///
/// # Errors
/// `internal_server_error` when it cannot be signed.
pub async fn presign_get(
    app: &App,
    bucket: &str,
    key: &str,
    time: Duration,
) -> Result<(String, Timestamp)> {
    let (config, expires_at) = valid_for(app, time)?;
    let get = app.s3().get_object().bucket(bucket).key(key);
    let signed = get.presigned(config).await.or_failed()?;
    Ok((signed.uri().to_owned(), expires_at))
}

/// How a file begins, at most `length` bytes of it, 1 at the least; `None` where there is none. One
/// request. The function needs `s3:GetObject`, and `s3:ListBucket`, without which S3 does not say that
/// something is missing.
///
/// # Errors
/// `service_unavailable` when S3 does not answer.
pub async fn beginning(app: &App, bucket: &str, key: &str, length: u64) -> Result<Option<Vec<u8>>> {
    let range = format!("bytes=0-{}", length.saturating_sub(1));
    let get = app.s3().get_object().bucket(bucket).key(key).range(range);
    let object = match get.send().await {
        Ok(object) => object,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetObjectError::is_no_such_key) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let bytes = object.body.collect().await;
    let bytes = bytes.map_err(|error| Error::internal(error))?.into_bytes();
    Ok(Some(bytes.to_vec()))
}

/// How many objects there are whose keys begin with `prefix`. One request for each 1,000. The function needs
/// `s3:ListBucket`.
///
/// # Errors
/// `service_unavailable` when S3 does not answer.
pub async fn count(app: &App, bucket: &str, prefix: &str) -> Result<usize> {
    let list = app.s3().list_objects_v2().bucket(bucket).prefix(prefix);
    let mut pages = list.into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.or_failed()?.contents().len();
    }
    Ok(count)
}

/// Deletes an object, if it is there. One request. The function needs `s3:DeleteObject`.
///
/// # Errors
/// `service_unavailable` when S3 does not answer.
pub async fn delete(app: &App, bucket: &str, key: &str) -> Result<()> {
    let delete = app.s3().delete_object().bucket(bucket).key(key);
    delete.send().await.or_failed().map(drop)
}

/// Deletes every object whose key begins with `prefix`, which ends in a slash; for the erasure of
/// an account. One request for each 1,000 objects and one for each object. Safe to repeat. The
/// function needs `s3:ListBucket` and `s3:DeleteObject`.
///
/// # Errors
/// `service_unavailable` or `internal_server_error`; some objects may be gone by then.
pub async fn delete_prefix(app: &App, bucket: &str, prefix: &str) -> Result<()> {
    if !prefix.ends_with('/') {
        return Err(Error::internal(
            "a prefix to delete has no slash at its end",
        ));
    }
    let mut pages = app
        .s3()
        .list_objects_v2()
        .bucket(bucket)
        .prefix(prefix)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.or_failed()?;
        let keys = page.contents().iter().filter_map(|object| object.key());
        stream::iter(keys.map(Ok))
            .try_for_each_concurrent(DELETES_AT_ONCE, |key| delete(app, bucket, key))
            .await?;
    }
    Ok(())
}

/// A SHA-256 as 64 lower-case hexadecimal digits, for `#[garde(custom(…))]`.
///
/// # Errors
/// Says that it is none.
pub fn is_sha256<C>(value: &str, _: &C) -> garde::Result {
    match digest(value) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("not 64 lower-case hexadecimal digits")),
    }
}

/// The 32 bytes that 64 lower-case hexadecimal digits stand for.
fn digest(hex: &str) -> Option<[u8; 32]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
    let mut digest = [0; 32];
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::app::{Clock, Env, Parts, Random, TimeLimits, http_client};

    /// Of `abc` (FIPS 180-2, appendix B.1).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn app(more: &[(&str, &str)]) -> App {
        let environment = [
            ("AWS_REGION", "ap-northeast-1"),
            ("AWS_ACCESS_KEY_ID", "Photos"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ];
        let environment = environment.iter().chain(more);
        App::new(Parts {
            env: environment
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Env>(),
            clock: Clock::from_fn(|| "2026-11-20T11:00:00.9Z".parse().unwrap()),
            random: Random::from_seed(1),
            http: http_client(),
            limits: TimeLimits::default(),
            password_cost: crate::password::Cost::default(),
        })
        .unwrap()
    }

    fn upload() -> Upload {
        Upload {
            content_type: "image/png".into(),
            size: 3,
            sha256: ABC.into(),
        }
    }

    /// The query of an address, decoded.
    fn query(url: &str) -> BTreeMap<String, String> {
        let query = url.split_once('?').unwrap().1;
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }

    #[tokio::test]
    async fn all_that_the_uploader_declared_is_signed() {
        let app = app(&[("AWS_SESSION_TOKEN", "session")]);
        let put = presign_put(&app, "photos", "u1/a.png", "https://cdn.test", &upload())
            .await
            .unwrap();
        assert!(
            put.upload_url
                .starts_with("https://photos.s3.ap-northeast-1.amazonaws.com/u1/a.png?"),
            "{}",
            put.upload_url
        );
        assert_eq!(put.url, "https://cdn.test/u1/a.png");
        assert_eq!(put.expires_at.to_string(), "2026-11-20T11:05:00Z");
        let headers = [
            ("cache-control", "public, max-age=300"),
            ("content-type", "image/png"),
            ("if-none-match", "*"),
            (
                "x-amz-checksum-sha256",
                "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            ),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(put.headers, BTreeMap::from(headers));

        let query = query(&put.upload_url);
        assert_eq!(
            query["X-Amz-SignedHeaders"],
            "cache-control;content-length;content-type;host;if-none-match;x-amz-checksum-sha256"
        );
        assert_eq!(query["X-Amz-Date"], "20261120T110000Z");
        assert_eq!(query["X-Amz-Expires"], "300");
        assert_eq!(query["X-Amz-Security-Token"], "session");
    }

    #[tokio::test]
    async fn a_local_bucket_is_part_of_the_path() {
        let app = app(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:3001")]);
        let put = presign_put(
            &app,
            "photos",
            "a.png",
            "http://127.0.0.1:3001/photos",
            &upload(),
        )
        .await
        .unwrap();
        let address = put.upload_url.split_once('?').unwrap().0;
        assert_eq!(address, "http://127.0.0.1:3001/photos/a.png");
        assert_eq!(put.url, address);
    }

    #[test]
    fn a_digest_has_one_form() {
        assert!(is_sha256(ABC, &()).is_ok());
        let longer = format!("{ABC}00");
        for wrong in [&ABC.to_uppercase(), &ABC[1..], &longer, &"é".repeat(32)] {
            assert!(is_sha256(wrong, &()).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_prefix_without_a_slash_is_not_deleted() {
        let app = app(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]);
        for prefix in ["", "u1"] {
            let error = delete_prefix(&app, "photos", prefix).await.unwrap_err();
            assert_eq!(error.code(), crate::error::Code::InternalServerError);
        }
    }
}
