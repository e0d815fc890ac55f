//! Presigned uploads and public reading over a running stack, with the App and the SDK as a
//! function has them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, path::Path};

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use bytes::Bytes;
use enishi_shared::{
    App,
    app::{Parts, Random, TimeLimits, http_client},
    media::{PresignedPut, Upload, delete_prefix, presign_put},
};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::{SignedDuration, Timestamp};

use crate::{Options, Stack};

mod private;

const TEMPLATE: &str = r#"
Parameters:
  TokenPublicKeys: {Type: String}
  TokenSigningSecretArn: {Type: String}
  JoinTokenSecretArn: {Type: String}
  FirebaseServiceAccountSecretArn: {Type: String}
  StripeSecretArn: {Type: String}
  StripeWebhookSecretArn: {Type: String}
  OperatorEmails: {Type: String}
  OrgPlans: {Type: String}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ["http://front.test"], AllowMethods: [GET]}
      DefinitionBody: {paths: {}}
  Photos: {Type: AWS::S3::Bucket}
  Papers: {Type: AWS::S3::Bucket}
  Uploader:
    Type: AWS::Serverless::Function
    Metadata: {SkipBuild: true}
    Properties:
      CodeUri: target/lambda/identity-jwks/
      Handler: bootstrap
      Runtime: provided.al2023
      Architectures: [arm64]
      MemorySize: 256
      Timeout: 15
      Environment:
        Variables:
          PHOTOS_BUCKET: !Ref Photos
          PHOTOS_URL: https://cdn.example.com
      Policies:
        Statement:
          - {Effect: Allow, Action: [s3:PutObject, s3:GetObject, s3:DeleteObject], Resource: !Sub "${Photos.Arn}/*"}
          - {Effect: Allow, Action: s3:ListBucket, Resource: !GetAtt Photos.Arn}
          - {Effect: Allow, Action: [s3:PutObject, s3:GetObject], Resource: !Sub "${Papers.Arn}/*"}
"#;
const NOON: &str = "2026-11-20T03:00:00Z";
/// Of `abc` (FIPS 180-2, appendix B.1).
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

struct World {
    stack: Stack,
    app: App,
    public_url: String,
    client: Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
}

/// Status, headers and body of an answer.
type Answer = (StatusCode, HeaderMap, String);

impl World {
    async fn new() -> Self {
        Self::at(NOON, None).await
    }

    async fn at(time: &str, directory: Option<&Path>) -> Self {
        let template = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&template, TEMPLATE).unwrap();
        let mut options = Options::in_memory(time.parse().unwrap());
        options.template = template.path().to_owned();
        options.directory = directory.map(Path::to_owned);
        let stack = Stack::start(options).await.unwrap();
        let environment = stack.environment()["Uploader"].clone();
        let public_url = environment["PHOTOS_URL"].clone();
        let app = App::new(Parts {
            env: environment.into_iter().collect(),
            clock: stack.clock().as_clock(),
            random: Random::from_seed(1),
            http: http_client(),
            limits: TimeLimits::default(),
            password_cost: enishi_shared::password::Cost::default(),
        });
        Self {
            stack,
            app: app.unwrap(),
            public_url,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    async fn presign(&self, key: &str) -> PresignedPut {
        let upload = Upload {
            content_type: "image/png".into(),
            size: 3,
            sha256: ABC.into(),
        };
        presign_put(&self.app, "photos", key, &self.public_url, &upload)
            .await
            .unwrap()
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &BTreeMap<String, String>,
        body: &'static str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(body)).unwrap();
        let (parts, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        (parts.status, parts.headers, text)
    }

    /// As the browser does what it was told.
    async fn put(&self, put: &PresignedPut, body: &'static str) -> Answer {
        let url = &put.upload_url;
        self.send(Method::PUT, url, &put.headers, body).await
    }

    async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, &BTreeMap::new(), "").await
    }

    fn later(&self, seconds: i64) {
        let now = self.stack.clock().now();
        let time = now + SignedDuration::from_secs(seconds);
        self.stack.clock().set(Some(time));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stack.stop();
    }
}

/// That the answer is S3's refusal with this status and code.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    let (answered, _, text) = answer;
    assert_eq!(*answered, status, "{text}");
    assert!(text.contains(&format!("<Code>{code}</Code>")), "{text}");
}

#[tokio::test]
async fn a_header_that_was_not_signed_is_refused() {
    let world = World::new().await;
    let mut put = world.presign("u1/a.png").await;
    put.headers
        .insert("x-amz-meta-owner".into(), "somebody".into());
    let answer = world.put(&put, "abc").await;
    refused(&answer, 403, "AccessDenied");
    assert!(answer.2.contains("were not signed: x-amz-meta-owner"));
    // What was refused has an id to ask for, and so has what is done.
    put.headers.remove("x-amz-meta-owner");
    for (status, headers, _) in [answer, world.put(&put, "abc").await] {
        let id = headers.get("x-amz-request-id");
        assert!(
            id.is_some() && headers.contains_key("x-amz-id-2"),
            "{status}"
        );
    }
}

#[tokio::test]
async fn the_declared_file_is_taken_once_and_read_by_all() {
    let world = World::new().await;
    let put = world.presign("u1/a.png").await;
    assert_eq!(
        put.url,
        format!("{}/photos/u1/a.png", world.stack.aws_url())
    );
    // Missing and forbidden look alike to whoever may not list.
    refused(&world.get(&put.url).await, 403, "AccessDenied");

    let (status, _, text) = world.put(&put, "abc").await;
    assert_eq!(status, 200, "{text}");
    let (status, headers, text) = world.get(&put.url).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "abc"));
    assert_eq!(headers["content-type"], "image/png");
    let head = BTreeMap::new();
    let (status, headers, _) = world.send(Method::HEAD, &put.url, &head, "").await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-length"], "3");

    refused(&world.put(&put, "abc").await, 412, "PreconditionFailed");
    let calls = world.stack.aws().calls();
    assert_eq!(calls[0].function, "Uploader");
    assert_eq!(calls[0].request, "s3:PutObject");
    let action = (
        "s3:PutObject".to_owned(),
        "arn:aws:s3:::photos/u1/a.png".to_owned(),
    );
    assert_eq!(calls[0].actions, [action]);
    assert!(calls.iter().all(|call| call.allowed));
}

#[tokio::test]
async fn of_uploads_at_once_one_is_taken() {
    let world = World::new().await;
    let put = world.presign("a.png").await;
    let uploads = (0..8).map(|_| world.put(&put, "abc"));
    let answers = futures_util::future::join_all(uploads).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.0.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn any_other_file_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let put = world.presign("a.png").await;
    refused(&world.put(&put, "abd").await, 400, "BadDigest");
    refused(&world.put(&put, "abcd").await, 400, "BadDigest");

    // A file of another length with its own digest: the length and the digest are signed.
    let mut other = put.clone();
    let digest = "iNQmb9TmM40TuEX88olXnSCciXgjuSF9o+Fhk28DFYk=";
    other
        .headers
        .insert("x-amz-checksum-sha256".into(), digest.into());
    refused(
        &world.put(&other, "abcd").await,
        403,
        "SignatureDoesNotMatch",
    );

    let changed = [
        ("content-type", "text/html"),
        ("content-type", "image/png; charset=utf-8"),
        ("if-none-match", "\"0\""),
    ];
    for (name, value) in changed {
        let mut other = put.clone();
        other.headers.insert(name.into(), value.into());
        refused(
            &world.put(&other, "abc").await,
            403,
            "SignatureDoesNotMatch",
        );
    }
    for name in put.headers.keys() {
        let mut other = put.clone();
        other.headers.remove(name);
        refused(
            &world.put(&other, "abc").await,
            403,
            "SignatureDoesNotMatch",
        );
    }
    refused(&world.get(&put.url).await, 403, "AccessDenied");
    assert_eq!(world.put(&put, "abc").await.0, 200);
}

#[tokio::test]
async fn a_length_that_was_not_declared_is_refused() {
    let world = World::new().await;
    // The digest is that of the file sent, so the signature alone can tell.
    let upload = Upload {
        content_type: "image/png".into(),
        size: 4,
        sha256: ABC.into(),
    };
    let put = presign_put(&world.app, "photos", "a.png", &world.public_url, &upload)
        .await
        .unwrap();
    refused(&world.put(&put, "abc").await, 403, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_url_is_good_for_its_key_and_bucket_only() {
    let world = World::new().await;
    let put = world.presign("a.png").await;
    let tampered = [
        ("photos/a.png", "photos/b.png"),
        ("photos/a.png", "papers/a.png"),
        ("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        ("content-length%3B", ""),
    ];
    for (from, to) in tampered {
        assert!(put.upload_url.contains(from), "{}", put.upload_url);
        let mut other = put.clone();
        other.upload_url = put.upload_url.replace(from, to);
        refused(
            &world.put(&other, "abc").await,
            403,
            "SignatureDoesNotMatch",
        );
    }
    let mut other = put.clone();
    other.upload_url = put.upload_url.replace("Uploader%2F", "Nobody%2F");
    refused(&world.put(&other, "abc").await, 403, "InvalidAccessKeyId");
    let reading = world.get(&put.upload_url).await;
    refused(&reading, 403, "SignatureDoesNotMatch");
    assert_eq!(world.put(&put, "abc").await.0, 200);
}

#[tokio::test]
async fn a_url_expires_by_the_stacks_clock() {
    for time in ["2006-11-20T03:00:00Z", NOON, "2046-11-20T03:00:00Z"] {
        let world = World::at(time, None).await;
        let put = world.presign("a.png").await;
        let expected: Timestamp = time.parse().unwrap();
        assert_eq!(put.expires_at, expected + SignedDuration::from_mins(5));
        world.later(300);
        refused(&world.put(&put, "abc").await, 403, "AccessDenied");
        world.later(-1);
        assert_eq!(world.put(&put, "abc").await.0, 200);

        let put = world.presign("b.png").await;
        world.later(-15 * 60 - 1);
        refused(&world.put(&put, "abc").await, 403, "AccessDenied");
    }
}

#[tokio::test]
async fn only_the_bucket_behind_the_cdn_is_public() {
    let world = World::new().await;
    let upload = Upload {
        content_type: "image/png".into(),
        size: 3,
        sha256: ABC.into(),
    };
    let put = presign_put(&world.app, "papers", "a.png", "unread", &upload)
        .await
        .unwrap();
    assert_eq!(world.put(&put, "abc").await.0, 200);
    let base = world.stack.aws_url();
    for path in [
        "papers/a.png",
        "papers",
        "photos",
        "photos/",
        "photos/?list-type=2",
        "photos/..%2Fpapers/a.png",
        "photos/%2E%2E/papers/a.png",
        "nothing/a.png",
    ] {
        let (status, _, text) = world.get(&format!("{base}/{path}")).await;
        assert_eq!(status, 403, "{path}: {text}");
        assert!(!text.contains("abc"), "{path}: {text}");
    }
    let put = world.presign("u1/a.png").await;
    assert_eq!(world.put(&put, "abc").await.0, 200);
    let unsigned = BTreeMap::new();
    for method in [Method::PUT, Method::DELETE, Method::POST] {
        let (status, _, text) = world.send(method, &put.url, &unsigned, "").await;
        assert_eq!(status, 403, "{text}");
    }
    // A folder of the disk is no object, and the query does not change the answer.
    let folder = world.get(&format!("{base}/photos/u1")).await;
    refused(&folder, 403, "AccessDenied");
    let (status, headers, _) = world
        .get(&format!("{}?response-content-type=text/html", put.url))
        .await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(world.get(&format!("{base}/_enishi/clock")).await.0, 200);
}

#[tokio::test]
async fn pages_of_known_origins_may_upload() {
    let world = World::new().await;
    let put = world.presign("a.png").await;
    let ask = |origin: &str, method: &str| {
        BTreeMap::from([
            ("origin".to_owned(), origin.to_owned()),
            ("access-control-request-method".into(), method.into()),
            (
                "access-control-request-headers".into(),
                "content-type,if-none-match,x-amz-checksum-sha256".into(),
            ),
        ])
    };
    let asked = ask("http://front.test", "PUT");
    let (status, headers, _) = world
        .send(Method::OPTIONS, &put.upload_url, &asked, "")
        .await;
    assert_eq!(status, 200);
    assert_eq!(headers["access-control-allow-origin"], "http://front.test");
    assert_eq!(headers["access-control-allow-methods"], "PUT");
    assert_eq!(
        headers["access-control-allow-headers"],
        "content-type,if-none-match,x-amz-checksum-sha256"
    );
    for asked in [
        ask("http://evil.test", "PUT"),
        ask("http://front.test", "DELETE"),
    ] {
        let answer = world
            .send(Method::OPTIONS, &put.upload_url, &asked, "")
            .await;
        refused(&answer, 403, "AccessForbidden");
        assert!(!answer.1.contains_key("access-control-allow-origin"));
    }

    let mut from_page = put.clone();
    let origin = "http://front.test".to_owned();
    from_page.headers.insert("origin".into(), origin);
    for status in [200, 412] {
        let (answered, headers, _) = world.put(&from_page, "abc").await;
        assert_eq!(answered, status);
        assert_eq!(headers["access-control-allow-origin"], "http://front.test");
    }
}

#[tokio::test]
async fn a_function_reads_lists_and_deletes_with_the_sdk() {
    let world = World::new().await;
    for key in ["u1/a.png", "u1/b/c.png", "u10/a.png"] {
        let put = world.presign(key).await;
        assert_eq!(world.put(&put, "abc").await.0, 200);
    }
    let s3 = world.app.s3();
    let object = s3.get_object().bucket("photos").key("u1/a.png");
    let object = object.send().await.unwrap();
    assert_eq!(object.content_type(), Some("image/png"));
    assert_eq!(object.body.collect().await.unwrap().to_vec(), b"abc");
    let head = s3.head_object().bucket("photos").key("u1/a.png");
    let head = head.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(head.content_length(), Some(3));
    let digest = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    assert_eq!(head.checksum_sha256(), Some(digest));

    delete_prefix(&world.app, "photos", "u1/").await.unwrap();
    delete_prefix(&world.app, "photos", "u1/").await.unwrap();
    let left = s3.list_objects_v2().bucket("photos").send().await.unwrap();
    let left: Vec<_> = left.contents().iter().filter_map(|one| one.key()).collect();
    assert_eq!(left, ["u10/a.png"]);

    // What may be listed may be known to be missing.
    let missing = s3.head_object().bucket("photos").key("none").send().await;
    assert!(missing.unwrap_err().into_service_error().is_not_found());
    let missing = s3.get_object().bucket("papers").key("none").send().await;
    assert_eq!(missing.unwrap_err().code(), Some("AccessDenied"));
    // No policy names it; nothing offers it.
    let denied = s3.delete_object().bucket("papers").key("none").send().await;
    assert_eq!(denied.unwrap_err().code(), Some("AccessDenied"));
    let denied = s3.list_objects_v2().bucket("papers").send().await;
    assert_eq!(denied.unwrap_err().code(), Some("AccessDenied"));
    let unknown = s3.get_bucket_acl().bucket("photos").send().await;
    assert_eq!(unknown.unwrap_err().code(), Some("NotImplemented"));
}

#[tokio::test]
async fn objects_outlive_the_stack_in_its_folder_until_they_are_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let put = {
        let world = World::at(NOON, Some(directory.path())).await;
        let put = world.presign("u1/a.png").await;
        assert_eq!(world.put(&put, "abc").await.0, 200);
        put
    };
    let bucket = directory.path().join("s3/photos");
    // One more than S3 lists at once.
    for number in 0..1_000 {
        std::fs::write(bucket.join(format!("u1/{number}")), "").unwrap();
    }
    let world = World::at(NOON, Some(directory.path())).await;
    let path = put.url.split_once("/photos/").unwrap().1;
    let (status, headers, text) = world.get(&format!("{}/{path}", world.public_url)).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "abc"));
    assert_eq!(headers["content-type"], "image/png");

    delete_prefix(&world.app, "photos", "u1/").await.unwrap();
    assert_eq!(bucket.join("u1").read_dir().unwrap().count(), 0);
}
