//! The pages' own files.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::{Router, response::IntoResponse as _, routing::get};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, header};

const INDEX: &str = include_str!("web/index.html");

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        /// Every other file with its path.
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("web/", $path)))),*];
    };
}

files!(
    "app.css",
    "app.js",
    "api.js",
    "clock.js",
    "flow.js",
    "functions.js",
    "live.js",
    "mail.js",
    "money.js",
    "morning.js",
    "orders.js",
    "payments.js",
    "saju.js",
    "tables.js",
    "ui.js",
    "users.js",
    "icon.svg",
    "vendor/preact.mjs",
    "vendor/hooks.mjs",
    "vendor/htm.mjs",
    "vendor/LICENSES.txt",
);

/// The page's policy: nothing but its own files; the one script within the page, the map of modules, by
/// its hash.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let map = INDEX.split_once("<script type=\"importmap\">")?.1;
    let (map, _) = map.split_once("</script>")?;
    let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, map.as_bytes()).as_ref());
    let policy = format!(
        "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    HeaderValue::try_from(policy).ok()
});

/// The page's policy.
pub fn policy() -> HeaderValue {
    let strictest = || HeaderValue::from_static("default-src 'none'");
    POLICY.clone().unwrap_or_else(strictest)
}

/// The page and its files, which hold no secret.
pub fn router() -> Router {
    let mut router = Router::new().route("/", get(|| async { of("index.html", INDEX) }));
    for (path, text) in FILES {
        router = router.route(&format!("/{path}"), get(|| async { of(path, text) }));
    }
    router
}

fn of(path: &str, text: &'static str) -> impl axum::response::IntoResponse {
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
