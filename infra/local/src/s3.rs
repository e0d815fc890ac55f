//! S3 on this machine: s3s over a folder, one sub-folder a bucket, so that functions and browsers
//! read and write objects with the unmodified SDK and with presigned URLs.
//!
//! Signatures count here, for a presigned URL is nothing else: every access key has the secret
//! [`SECRET_KEY`], and the stack's clock says when a URL has expired. Offered are PutObject,
//! GetObject, HeadObject, DeleteObject, ListObjectsV2 and ListBuckets, of keys of unreserved characters
//! (`A–Z a–z 0–9 - _ . ~`) in segments between slashes. There are no versions, tags, copies or
//! multipart uploads; `Last-Modified` is the system's time.
//!
//! Who may do what is checked by the front, with [`S3::action`]. The bucket that a function's
//! `PHOTOS_BUCKET` names beside a `PHOTOS_URL` is read without a signature too, at
//! `/<bucket>/<key>`: that stands in for the CDN in front of it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::body::Body;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use s3s::{
    S3Error, S3ErrorCode,
    auth::SimpleAuth,
    config::{S3Config, StaticConfigProvider},
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    aws::DEVELOPER_KEY,
    chime::Store,
    clock::Now,
    template::{Function, System},
};

pub mod presigned;
#[cfg(test)]
mod tests;

/// The secret of every local access key.
pub const SECRET_KEY: &str = "local";
/// Says which request it was; the other services have another header.
pub(crate) const REQUEST_ID: &str = "x-amz-request-id";
/// What pages of other origins may do.
const SHARED_METHOD: &str = "PUT";

/// The stand-in; clones share their buckets.
#[derive(Clone)]
pub struct S3(Arc<Inner>);

struct Inner {
    root: PathBuf,
    buckets: BTreeSet<String>,
    /// Buckets that are read without a signature.
    public: BTreeSet<String>,
    /// Origins whose pages may send and read.
    origins: Vec<String>,
    now: Now,
    signed: S3Service,
    unsigned: S3Service,
    /// One write at a time: looking whether a key is free and taking it are two steps.
    writing: Mutex<()>,
    /// Removed with the stack.
    _temporary: Option<TempDir>,
}

/// The bucket whose objects are read at the function's `PHOTOS_URL`.
pub fn photos_bucket(function: &Function) -> Option<&str> {
    function.environment.get("PHOTOS_URL")?;
    function
        .environment
        .get("PHOTOS_BUCKET")
        .map(String::as_str)
}

impl S3 {
    /// The system's buckets, kept in `<directory>/s3`, or in a temporary folder without one.
    /// Browsers' origins are those of the HTTP API.
    ///
    /// # Errors
    /// One sentence, when the folders cannot be made.
    pub fn open(system: &System, directory: Option<&Path>, now: Now) -> Result<Self, String> {
        let unusable = |error: &dyn std::fmt::Display| format!("no folder for buckets: {error}");
        let (root, temporary) = match directory {
            Some(directory) => (directory.join("s3"), None),
            None => {
                let temporary = tempfile::tempdir().map_err(|error| unusable(&error))?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let buckets: BTreeSet<String> = system
            .buckets
            .iter()
            .map(|bucket| bucket.name.clone())
            .collect();
        std::fs::create_dir_all(&root).map_err(|error| unusable(&error))?;
        for bucket in &buckets {
            std::fs::create_dir_all(root.join(bucket)).map_err(|error| unusable(&error))?;
        }
        let service = |auth: Option<SimpleAuth>| {
            let files = FileSystem::new(&root).map_err(|error| unusable(&format!("{error:?}")))?;
            let mut builder = S3ServiceBuilder::new(files);
            if let Some(auth) = auth {
                builder.set_auth(auth);
            }
            // The system's clock does not count: see `presigned`.
            let mut config = S3Config::default();
            config.presigned_url_max_skew_time_secs = u32::MAX;
            builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
            Ok::<_, String>(builder.build())
        };
        let mut auth = SimpleAuth::new();
        for function in &system.functions {
            auth.register(function.logical_id.clone(), SECRET_KEY.into());
        }
        auth.register(DEVELOPER_KEY.to_owned(), SECRET_KEY.into());
        let origins = system.cors.as_ref().map(|cors| cors.allow_origins.clone());
        Ok(Self(Arc::new(Inner {
            signed: service(Some(auth))?,
            unsigned: service(None)?,
            root,
            buckets,
            public: system
                .functions
                .iter()
                .filter_map(photos_bucket)
                .map(str::to_owned)
                .collect(),
            origins: origins.unwrap_or_default(),
            now,
            writing: Mutex::default(),
            _temporary: temporary,
        })))
    }

    /// Puts an object into a bucket, as an AWS service does that the bucket's policy lets in.
    pub fn store(&self) -> Store {
        let inner = Arc::clone(&self.0);
        Arc::new(move |bucket, key, bytes| {
            let path = format!("/{bucket}/{key}");
            if !inner.buckets.contains(bucket) || place(&path).is_none() {
                return Err(std::io::Error::other("there is no such bucket or key here"));
            }
            let file = inner.root.join(bucket).join(key);
            std::fs::create_dir_all(file.parent().unwrap_or(&inner.root))?;
            std::fs::write(file, bytes)
        })
    }

    /// The operation, the IAM action and the resource of a request; `None` for what is not offered.
    pub fn action(&self, request: &Request<Bytes>) -> Option<(&'static str, String, String)> {
        if request.uri().path() == "/" && request.method() == Method::GET {
            return Some(("ListBuckets", "s3:ListAllMyBuckets".into(), "*".into()));
        }
        let (bucket, key) = place(request.uri().path())?;
        let query = presigned::query(request.uri());
        let only = |names: &[&str]| {
            query.keys().all(|name| {
                name.starts_with("X-Amz-")
                    || name == "x-id"
                    || names.contains(&name.as_str())
                    || (names.contains(&"response-*") && name.starts_with("response-"))
            })
        };
        let copies = request.headers().contains_key("x-amz-copy-source");
        let (operation, action) = match (request.method(), key) {
            (&Method::GET, None) if query.get("list-type").is_some_and(|kind| kind == "2") => {
                let names = [
                    "list-type",
                    "prefix",
                    "delimiter",
                    "start-after",
                    "continuation-token",
                    "max-keys",
                    "encoding-type",
                ];
                only(&names).then_some(("ListObjectsV2", "ListBucket"))?
            }
            (&Method::PUT, Some(_)) if only(&[]) && !copies => ("PutObject", "PutObject"),
            (&Method::GET, Some(_)) if only(&["response-*"]) => ("GetObject", "GetObject"),
            (&Method::HEAD, Some(_)) if only(&["response-*"]) => ("HeadObject", "GetObject"),
            (&Method::DELETE, Some(_)) if only(&[]) => ("DeleteObject", "DeleteObject"),
            _ => return None,
        };
        let resource = match key {
            Some(key) => format!("{}/{key}", bucket_arn(bucket)),
            None => bucket_arn(bucket),
        };
        Some((operation, format!("s3:{action}"), resource))
    }

    /// Answers a request for which [`S3::action`] names an action. Without `may_list` the caller
    /// does not learn that an object is missing: it gets 403 instead of 404, as from S3.
    pub async fn handle(&self, request: Request<Bytes>, may_list: bool) -> Response<Body> {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let origin = origin.filter(|_| request.method() == SHARED_METHOD);
        let mut response = self
            .answer(&self.0.signed, request, may_list)
            .await
            .unwrap_or_else(refuse);
        self.share(origin.as_ref(), response.headers_mut());
        with_ids(response)
    }

    /// Answers what is asked of a bucket without a signature: a browser's preflight, and reading
    /// what is public. `None` for all else.
    pub async fn handle_unsigned(&self, request: &Request<Bytes>) -> Option<Response<Body>> {
        let (bucket, key) = place(request.uri().path())?;
        if !self.0.buckets.contains(bucket) {
            return None;
        }
        let headers = request.headers();
        if request.method() == Method::OPTIONS {
            let answer = self.preflight(headers, headers.get(header::ORIGIN)?);
            return Some(with_ids(answer));
        }
        let signed = headers.contains_key(header::AUTHORIZATION)
            || presigned::credential(request.uri()).is_some();
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        key.filter(|_| reads && !signed && self.0.public.contains(bucket))?;
        let mut reading = request.clone();
        // The query is for signed requests: it can change the answer's headers.
        *reading.uri_mut() = request.uri().path().parse().ok()?;
        let answer = self.answer(&self.0.unsigned, reading, false).await;
        Some(with_ids(answer.unwrap_or_else(refuse)))
    }

    async fn answer(
        &self,
        service: &S3Service,
        mut request: Request<Bytes>,
        may_list: bool,
    ) -> Result<Response<Body>, S3Error> {
        let missing = || match may_list {
            true => S3Error::with_message(S3ErrorCode::NoSuchKey, "there is no such key"),
            false => S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied"),
        };
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        let object = place(request.uri().path())
            .and_then(|(bucket, key)| Some(self.0.root.join(bucket).join(key?)))
            .filter(|_| reads);
        if object.as_ref().is_some_and(|object| object.is_dir()) {
            return Err(missing());
        }
        presigned::unwrap(&mut request, (self.0.now)())?;
        presigned::check_signed(&request)?;
        check_digest(&request)?;
        let _writing = match reads {
            true => None,
            false => Some(self.0.writing.lock().await),
        };
        let response = service
            .call(request.map(s3s::Body::from))
            .await
            .map_err(|error| S3Error::internal_error(Unanswered(format!("{error:?}"))))?;
        if object.is_some() && response.status() == StatusCode::NOT_FOUND {
            return Err(missing());
        }
        Ok(response.map(Body::new))
    }

    fn is_shared_with(&self, origin: &HeaderValue) -> bool {
        self.0
            .origins
            .iter()
            .any(|allowed| allowed == "*" || origin == allowed.as_str())
    }

    fn preflight(&self, asked: &HeaderMap, origin: &HeaderValue) -> Response<Body> {
        let method = asked.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let method = method.and_then(|method| method.to_str().ok());
        if method != Some(SHARED_METHOD) || !self.is_shared_with(origin) {
            let code = S3ErrorCode::Custom("AccessForbidden".into());
            let message = "CORSResponse: This CORS request is not allowed.";
            let mut error = S3Error::with_message(code, message);
            error.set_status_code(StatusCode::FORBIDDEN);
            return refuse(error);
        }
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        self.share(Some(origin), headers);
        let methods = HeaderValue::from_static(SHARED_METHOD);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        response
    }

    /// Lets a page of a known origin see the answer.
    fn share(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        let Some(origin) = origin.filter(|origin| self.is_shared_with(origin)) else {
            return;
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
}

/// The ARN of the bucket that a request is about.
pub fn bucket_of(request: &Request<Bytes>) -> Option<String> {
    place(request.uri().path()).map(|(bucket, _)| bucket_arn(bucket))
}

/// A refusal of the front's, said as S3 says it.
pub fn refusal(kind: &str, message: &str) -> Response<Body> {
    let code = match kind {
        "AccessDeniedException" => S3ErrorCode::AccessDenied,
        "UnrecognizedClientException" => S3ErrorCode::InvalidAccessKeyId,
        _ => S3ErrorCode::NotImplemented,
    };
    with_ids(refuse(S3Error::with_message(code, message.to_owned())))
}

/// With both ids by which S3 finds a request.
fn with_ids(mut response: Response<Body>) -> Response<Body> {
    for name in [REQUEST_ID, "x-amz-id-2"] {
        let id = Uuid::new_v4().simple().to_string().to_uppercase();
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(name, id);
        }
    }
    response
}

fn refuse(error: S3Error) -> Response<Body> {
    error.to_http_response().map_or_else(
        |_| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        },
        |response| response.map(Body::new),
    )
}

fn bucket_arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

/// Bucket and key of a path; `None` for keys that are not kept here.
fn place(path: &str) -> Option<(&str, Option<&str>)> {
    let path = path.strip_prefix('/')?;
    let (bucket, key) = match path.split_once('/') {
        None | Some((_, "")) => (path.trim_end_matches('/'), None),
        Some((bucket, key)) => (bucket, Some(key)),
    };
    let kept = |segment: &str| {
        !["", ".", ".."].contains(&segment)
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    let key_is_kept = key.is_none_or(|key| key.split('/').all(kept));
    (kept(bucket) && key_is_kept).then_some((bucket, key))
}

/// That the bytes are those of `x-amz-checksum-sha256`. s3s-fs looks only when they are in place.
fn check_digest(request: &Request<Bytes>) -> Result<(), S3Error> {
    let Some(declared) = request.headers().get("x-amz-checksum-sha256") else {
        return Ok(());
    };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, request.body());
    match declared == BASE64_STANDARD.encode(digest).as_str() {
        true => Ok(()),
        false => Err(S3Error::with_message(
            S3ErrorCode::BadDigest,
            "The SHA256 you specified did not match the calculated checksum.",
        )),
    }
}

/// s3s gave no answer at all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unanswered(String);
