//! The front end, as S3 and CloudFront serve it: the files that `infra/web` was built into, `/config.json`,
//! which says where the API is, and for every other address the one page, which knows what to show there.

use std::path::{Component, Path, PathBuf};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The page.
const PAGE: &str = "index.html";

/// Where the front end finds what it needs.
pub struct Addresses {
    /// The API, `http://localhost:3000`.
    pub api: String,
    /// The WebSocket, without its path.
    pub live: String,
    /// The AWS stand-ins: uploads, pictures, Firebase, meetings.
    pub aws: String,
    /// The Firebase project.
    pub firebase_project: String,
}

impl Addresses {
    /// `/config.json`. In the cloud it has no `local`, and Firebase no `emulator` but an `apiKey` of its own.
    fn config(&self) -> Value {
        json!({
            "api": self.api,
            "firebase": {"apiKey": "local", "projectId": self.firebase_project, "emulator": self.aws},
            "local": {"meetings": format!("{}/_enishi/meetings", self.aws)},
        })
    }

    /// The template's policy, with the addresses of this machine.
    fn policy(&self, template: &str) -> String {
        let mut policy = template.to_owned();
        for (name, here) in [
            ("${ApiUrl}", &self.api),
            ("${LiveUrl}", &self.live),
            ("${PhotosUrl}", &self.aws),
            ("${UploadsUrl}", &self.aws),
            ("${RecordingsUrl}", &self.aws),
        ] {
            policy = policy.replace(name, here);
        }
        policy
    }
}

#[derive(Clone)]
struct Site {
    files: PathBuf,
    config: String,
    headers: HeaderMap,
}

/// Serves what lies in `files`, with the headers of the template.
///
/// # Errors
/// A sentence, when a header is none.
pub fn router(
    files: PathBuf,
    addresses: &Addresses,
    template: &[(String, String)],
) -> Result<Router, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in template {
        let value = addresses.policy(value);
        let parsed = (name.parse::<HeaderName>(), HeaderValue::try_from(&value));
        let (Ok(name), Ok(value)) = parsed else {
            return Err(format!("`{name}: {value}` is no header"));
        };
        headers.insert(name, value);
    }
    let config = addresses.config().to_string();
    let site = Site {
        files,
        config,
        headers,
    };
    Ok(Router::new().fallback(serve).with_state(site))
}

async fn serve(State(site): State<Site>, method: Method, uri: Uri) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let (kind, cached, body) = match site.find(uri.path()).await {
        Ok(found) => found,
        Err(error) => {
            let sentence = format!("infra/web/dist is not as it was built: {error}\n");
            return (StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response();
        }
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.extend(site.headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    response
}

impl Site {
    /// The type, how long it is good for, and the content of what is at an address.
    async fn find(&self, path: &str) -> std::io::Result<(&'static str, &'static str, Vec<u8>)> {
        if path == "/config.json" {
            let config = self.config.clone().into_bytes();
            return Ok(("application/json", "no-cache", config));
        }
        let name = path.trim_start_matches('/');
        let parts = Path::new(name).components();
        let inside = !name.is_empty()
            && (parts.into_iter()).all(|part| matches!(part, Component::Normal(_)));
        if inside && let Ok(content) = tokio::fs::read(self.files.join(name)).await {
            // What is built has its content's digest in its name.
            let cached = match name.starts_with("assets/") {
                true => "public, max-age=31536000, immutable",
                false => "no-cache",
            };
            return Ok((kind(name), cached, content));
        }
        let page = tokio::fs::read(self.files.join(PAGE)).await?;
        Ok((kind(PAGE), "no-cache", page))
    }
}

/// The type of a file, by its name.
fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
