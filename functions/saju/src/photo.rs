//! `POST /api/users/me/photo`: where to send one's picture.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    app::{ConfigError, Configure, Env},
    auth::User,
    error::ErrorBody,
    http::Json,
    media::{PresignedPut, Upload, presign_put},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// `saju-photo`.
pub const FUNCTION: Function =
    crate::http("saju-photo", || OpenApiRouter::new().routes(routes!(photo)));

/// Types of pictures, and how their files' names end.
const TYPES: [(&str, &str); 3] = [
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
];
const MAX_SIZE: u64 = 5 * 1024 * 1024;

/// `PHOTOS_BUCKET`: the bucket of people's pictures. `PHOTOS_URL`: the address its objects are read
/// under, without a slash at the end.
pub struct Photos {
    bucket: String,
    url: String,
}

impl Configure for Photos {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            bucket: env.required("PHOTOS_BUCKET")?.to_owned(),
            url: env.required("PHOTOS_URL")?.to_owned(),
        })
    }
}

impl Photos {
    /// Whether an address is that of a picture in the bucket, as it was given out here.
    pub fn are_at(&self, url: &str) -> bool {
        url.strip_prefix(&self.url)
            .and_then(|path| path.strip_prefix("/photos/"))
            .is_some_and(|rest| {
                rest.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-./".contains(&byte))
            })
    }
}

/// Uploads a picture of mine
///
/// Answers where to PUT the file: a JPEG, PNG or WebP of at most 5 MB, exactly as declared, within
/// five minutes. `PUT /api/users/me` with `url` as `profile_img_url` then shows it.
#[utoipa::path(
    post, path = "/api/users/me/photo", tag = "saju",
    security(("access_token" = [])),
    request_body = Upload,
    responses(
        (status = 200, body = PresignedPut, description = "Where and how to send the file"),
        (status = 400, body = ErrorBody, description = "Another type, too large, or no digest"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
    )
)]
pub async fn photo(
    State(app): State<App>,
    user: User,
    Json(upload): Json<Upload>,
) -> Result<axum::Json<PresignedPut>> {
    let user_id = user.id;
    upload.check(&TYPES.map(|(content_type, _)| content_type), MAX_SIZE)?;
    let ending = TYPES
        .iter()
        .find(|(content_type, _)| *content_type == upload.content_type)
        .map_or("", |(_, ending)| ending);
    let photos = app.config::<Photos>()?;
    let key = format!("photos/{user_id}/{}.{ending}", app.new_id());
    presign_put(&app, &photos.bucket, &key, &photos.url, &upload)
        .await
        .map(axum::Json)
}
