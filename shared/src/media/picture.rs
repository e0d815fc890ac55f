//! Pictures that everybody sees: sent into the one bucket for them, read through the CDN in front of it.

use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PresignedPut, Upload, beginning, delete_prefix, is_sha256, presign_put};
use crate::{
    Result,
    app::{App, ConfigError, Configure, Env},
};

/// The largest picture, in bytes.
const MAX_SIZE: u64 = 5 * 1024 * 1024;
/// How much of a file has to be read to know what it is, in bytes.
const BEGINNING: u64 = 12;

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

impl PhotoRequest {
    /// Allows it to be sent to `path`, to which its ending is added; the key with that, and where to send it.
    /// Makes no request. The function needs `s3:PutObject`.
    ///
    /// # Errors
    /// `internal_server_error` when the bucket is not configured.
    pub async fn presign(self, app: &App, path: &str) -> Result<(String, PresignedPut)> {
        let (bucket, url) = (app.config::<Bucket>()?, app.config::<PhotosUrl>()?);
        let key = format!("{path}.{}", self.content_type.ending());
        let upload = Upload {
            content_type: self.content_type.name().to_owned(),
            size: self.size,
            sha256: self.sha256,
        };
        let put = presign_put(app, &bucket.0, &key, &url.0, &upload).await?;
        Ok((key, put))
    }
}

/// The media type of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
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

    /// That of files whose names end so.
    pub fn of_ending(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.ending() == ending)
    }

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

    /// Whether a file that begins so is one (JFIF and Exif; PNG, section 5.2; RFC 9649, section 2.4).
    fn begins_so(self, bytes: &[u8]) -> bool {
        match self {
            Self::Jpeg => bytes.starts_with(b"\xff\xd8\xff"),
            Self::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Webp => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        }
    }
}

/// `PHOTOS_BUCKET`: the bucket of the pictures.
pub struct Bucket(pub String);

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
    /// Where an object is read.
    pub fn of(&self, key: &str) -> String {
        format!("{}/{key}", self.0)
    }

    /// The key of the object that is read there, if it is one of the bucket's.
    pub fn key<'url>(&self, url: &'url str) -> Option<&'url str> {
        url.strip_prefix(&self.0)?.strip_prefix('/')
    }
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// It is not there.
    Missing,
    /// It is there and not what its key says.
    Other,
    /// It is there.
    Picture,
}

/// Whether the picture was uploaded that `key` says. One request. The function needs what
/// [`beginning`] needs.
///
/// # Errors
/// `service_unavailable` when S3 does not answer.
pub async fn uploaded(app: &App, key: &str) -> Result<Uploaded> {
    let kind = key.rsplit_once('.');
    let kind = kind.and_then(|(_, ending)| PictureType::of_ending(ending));
    let bytes = beginning(app, &app.config::<Bucket>()?.0, key, BEGINNING).await?;
    Ok(match bytes {
        None => Uploaded::Missing,
        Some(bytes) if kind.is_some_and(|kind| kind.begins_so(&bytes)) => Uploaded::Picture,
        Some(_) => Uploaded::Other,
    })
}

/// Deletes one. One request; once more does no harm.
///
/// # Errors
/// `service_unavailable` when S3 does not answer.
pub async fn delete(app: &App, key: &str) -> Result<()> {
    super::delete(app, &app.config::<Bucket>()?.0, key).await
}

/// Erases all pictures in a folder, whose name ends in a slash. Safe to repeat.
///
/// # Errors
/// `service_unavailable` or `internal_server_error`; some may be gone by then.
pub async fn erase(app: &App, folder: &str) -> Result<()> {
    delete_prefix(app, &app.config::<Bucket>()?.0, folder).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_like() {
        let files: [(&[u8], Option<PictureType>); 7] = [
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", Some(PictureType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\x0d", Some(PictureType::Png)),
            (b"RIFF\x24\0\0\0WEBP", Some(PictureType::Webp)),
            (b"RIFF\x24\0\0\0WAVE", None),
            (b"RIFF", None),
            (b"<svg xmlns=\"", None),
            (b"", None),
        ];
        for (bytes, kind) in files {
            for other in PictureType::ALL {
                assert_eq!(other.begins_so(bytes), kind == Some(other));
            }
        }
    }
}
