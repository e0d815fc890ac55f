//! `POST /api/users/me/photo`: where to send one's picture.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{self, Account, account_key},
    auth::User,
    error::ErrorBody,
    http::Json,
    media::{
        PresignedPut,
        picture::{self, PhotoRequest, PhotosUrl, PictureType},
    },
    throttle::{self, Limit},
};
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

/// Whether an address is that of a picture of this person's own, as it was given out here.
pub fn is_own(photos: &PhotosUrl, url: &str, user_id: UserId) -> bool {
    let key = photos.key(url);
    let name = key.and_then(|key| key.strip_prefix(&folder(user_id)));
    let Some((id, ending)) = name.and_then(|name| name.split_once('.')) else {
        return false;
    };
    // An id has several spellings, a key one.
    let is_id = Uuid::try_parse(id).is_ok_and(|parsed| parsed.to_string() == id);
    is_id && PictureType::of_ending(ending).is_some()
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
    picture::erase(app, &folder(user_id)).await
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
    let path = format!("{}{}", folder(user_id), app.new_id());
    let (_, put) = picture.presign(&app, &path).await?;
    Ok(axum::Json(put))
}

#[cfg(test)]
mod tests {
    use enishi_shared::app::{Configure as _, Env};

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
            assert!(is_own(&photos, &own, me), "{own}");
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
                assert!(other != own && !is_own(&photos, &other, me), "{other}");
            }
        }
        Ok(())
    }
}
