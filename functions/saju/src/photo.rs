//! `POST /api/users/me/photo`: where to send one's picture.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{self, Account, account_key},
    app::{ConfigError, Configure, Env},
    auth::User,
    error::ErrorBody,
    http::Json,
    media::{PresignedPut, Upload, delete_prefix, is_sha256, presign_put},
    throttle::{self, Limit},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::profile::table;

/// `saju-photo`.
///
/// Budget: the account, the throttle.
pub const FUNCTION: Function =
    crate::http("saju-photo", || OpenApiRouter::new().routes(routes!(photo))).budget(2);

/// How many one person may upload.
const BY_ONE_PERSON: Limit = Limit::new("UPLOAD_RATE", 20, 60 * 60);

/// The largest picture, in bytes.
const MAX_SIZE: u64 = 5 * 1024 * 1024;

/// The picture that somebody is about to upload.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhotoRequest {
    /// Its media type.
    #[garde(skip)]
    pub content_type: PictureType,
    /// Its length in bytes.
    #[garde(range(min = 1, max = MAX_SIZE))]
    #[schema(minimum = 1, maximum = 5_242_880, example = 48_213)]
    pub size: u64,
    /// The SHA-256 of its bytes, as 64 lower-case hexadecimal digits.
    #[garde(custom(is_sha256))]
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )]
    pub sha256: String,
}

/// The media type of a picture.
#[derive(Clone, Copy, Deserialize, ToSchema)]
pub enum PictureType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

impl PictureType {
    const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// How its files' names end.
    fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

/// `PHOTOS_BUCKET`: the bucket of people's pictures.
struct Bucket(String);

impl Configure for Bucket {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("PHOTOS_BUCKET")?.to_owned()))
    }
}

/// The address that the bucket's objects are read under, without a slash at the end: that of
/// `PHOTOS_DOMAIN`, a domain of our own, or else `PHOTOS_URL`.
pub struct PhotosUrl(String);

impl Configure for PhotosUrl {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(match env.get("PHOTOS_DOMAIN") {
            Some(domain) => format!("https://{domain}"),
            None => env.required("PHOTOS_URL")?.to_owned(),
        }))
    }
}

impl PhotosUrl {
    /// Whether an address is that of a picture of this person's own, as it was given out here.
    pub fn is_own(&self, url: &str, user_id: UserId) -> bool {
        let name = url
            .strip_prefix(&self.0)
            .and_then(|path| path.strip_prefix('/'))
            .and_then(|key| key.strip_prefix(&folder(user_id)));
        let Some((id, ending)) = name.and_then(|name| name.split_once('.')) else {
            return false;
        };
        // An id has several spellings, a key one.
        let is_id = Uuid::try_parse(id).is_ok_and(|parsed| parsed.to_string() == id);
        is_id
            && PictureType::ALL
                .iter()
                .any(|known| known.ending() == ending)
    }
}

/// Where somebody's pictures lie.
fn folder(user_id: UserId) -> String {
    format!("photos/{user_id}/")
}

/// Erases all pictures of somebody's. Safe to repeat.
///
/// # Errors
/// `service_unavailable` or `internal_server_error`; some may be gone by then.
pub async fn erase(app: &App, user_id: UserId) -> Result<()> {
    delete_prefix(app, &app.config::<Bucket>()?.0, &folder(user_id)).await
}

/// Uploads a picture of mine
///
/// Answers where to PUT the file: a JPEG, PNG or WebP of at most 5 MB, exactly as declared, within
/// five minutes. `PUT /api/users/me` with `url` as `profile_img_url` then shows it; no other address is
/// taken there. Caches keep it for five minutes.
#[utoipa::path(
    post, path = "/api/users/me/photo", tag = "saju",
    operation_id = "createPhotoUpload",
    security(("access_token" = [])),
    request_body = PhotoRequest,
    responses(
        (status = 200, body = PresignedPut, description = "Where and how to send the file"),
        (status = 400, body = ErrorBody, description = "Another type, too large, or no digest"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
        (status = 429, body = ErrorBody, description = "Too many uploads; `Retry-After` says when"),
    )
)]
pub async fn photo(
    State(app): State<App>,
    user: User,
    Json(picture): Json<PhotoRequest>,
) -> Result<axum::Json<PresignedPut>> {
    let user_id = user.id;
    let accounts = accounts::table(&app)?;
    let account = accounts.get::<Account>(&account_key(user_id)).await?;
    if !account.is_some_and(|account| account.is_active()) {
        return Err(Error::token_invalid());
    }
    let (table, me) = (table(&app)?, user_id.to_string());
    throttle::count(&app, &table, "upload", &me, &BY_ONE_PERSON).await?;
    let (bucket, url) = (app.config::<Bucket>()?, app.config::<PhotosUrl>()?);
    let content_type = picture.content_type;
    let name = format!("{}.{}", app.new_id(), content_type.ending());
    let key = folder(user_id) + &name;
    let upload = Upload {
        content_type: content_type.name().to_owned(),
        size: picture.size,
        sha256: picture.sha256,
    };
    presign_put(&app, &bucket.0, &key, &url.0, &upload)
        .await
        .map(axum::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_picture_of_ones_own_is_one() -> Result<(), Box<dyn std::error::Error>> {
        let me: UserId = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50".parse()?;
        let urls = [
            ("PHOTOS_URL", "https://d1.cloudfront.net"),
            ("PHOTOS_DOMAIN", "photos.example.com"),
        ];
        for count in [1, 2] {
            let env = urls[..count].iter();
            let env: Env = env
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect();
            let photos = PhotosUrl::configure(&env)?;
            let base = ["https://d1.cloudfront.net", "https://photos.example.com"][count - 1];
            let own = format!("{base}/photos/{me}/019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071.jpg");
            assert!(photos.is_own(&own, me), "{own}");
            for (from, to) in [
                (base, "https://elsewhere.example"),
                ("https://", "http://"),
                (".jpg", ".svg"),
                (".jpg", ".jpg?x=1"),
                (".jpg", ""),
                ("/photos/", "/other/"),
                ("/photos/", "//photos/"),
                ("-7d33-", "-7d34-"),
                ("019aa2c3-1f0e", "019AA2C3-1F0E"),
                ("019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071", ".."),
                ("019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071", "a/b"),
            ] {
                let other = own.replacen(from, to, 1);
                assert!(other != own && !photos.is_own(&other, me), "{other}");
            }
        }
        Ok(())
    }
}
