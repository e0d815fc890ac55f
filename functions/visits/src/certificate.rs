//! The pictures that show who somebody is: a student's card or a business card, and a proof of identity.
//! They lie in a bucket that nobody reads but operators, for as long as they are to be looked at.
//!
//! An upload has an id of its own, so that what is uploaded anew is never mixed with what was there
//! before. All that somebody has uploaded lies under one prefix.

use enishi_shared::{
    App, Result, UserId,
    app::{ConfigError, Configure, Env},
    media::delete_prefix,
    store::Key,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::profile::Profile;

/// The partition of what waits for an operator, the oldest first.
pub const QUEUE: &str = "REVIEWS";

/// What a picture may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum DocumentType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// PDF.
    #[serde(rename = "application/pdf")]
    Pdf,
}

impl DocumentType {
    /// Its media type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    /// Whether a file that begins so is one (JFIF and Exif; PNG, section 5.2; ISO 32000-2, 7.5.2).
    pub fn begins_so(self, bytes: &[u8]) -> bool {
        bytes.starts_with(match self {
            Self::Jpeg => b"\xff\xd8\xff",
            Self::Png => b"\x89PNG\r\n\x1a\n",
            Self::Pdf => b"%PDF-",
        })
    }
}

/// How much of a file has to be read to know what it is, in bytes.
pub const BEGINNING: u64 = 8;

/// What somebody has uploaded, or may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// One for both pictures.
    pub id: Uuid,
    /// What the student's card or business card was said to be.
    pub type_card: DocumentType,
    /// What the proof of identity was said to be.
    pub identity_card: DocumentType,
}

impl Upload {
    /// Both, by the names that requests give them.
    pub fn cards(&self) -> [(&'static str, DocumentType); 2] {
        [
            ("type_card", self.type_card),
            ("identity_card", self.identity_card),
        ]
    }

    /// Where one of them lies.
    pub fn key(&self, user_id: UserId, card: &str) -> String {
        format!("{}{}/{card}", folder(user_id), self.id)
    }
}

/// `CERTIFICATES_BUCKET`: the bucket of the pictures.
pub struct Bucket(pub String);

impl Configure for Bucket {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.required("CERTIFICATES_BUCKET")?.to_owned()))
    }
}

/// Where somebody's pictures lie.
fn folder(user_id: UserId) -> String {
    format!("certificates/{user_id}/")
}

/// Erases all pictures of somebody's. Safe to repeat.
///
/// # Errors
/// `service_unavailable` or `internal_server_error`; some may be gone by then.
pub async fn erase(app: &App, user_id: UserId) -> Result<()> {
    delete_prefix(app, &app.config::<Bucket>()?.0, &folder(user_id)).await
}

/// Somebody who waits for an operator.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Review {
    /// Who.
    pub user_id: UserId,
    /// Since when.
    pub submitted_at: Timestamp,
}

impl Review {
    /// Of somebody whose documents wait.
    pub fn of(profile: &Profile) -> Option<Self> {
        profile.submitted_at.map(|submitted_at| Self {
            user_id: profile.user_id,
            submitted_at,
        })
    }

    /// Where it lies. As many digits in every time, or their order as text would not be theirs.
    pub fn key(&self) -> Key {
        Key::new(QUEUE, format!("{:.3}#{}", self.submitted_at, self.user_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_like() {
        let files: [(&[u8], Option<DocumentType>); 6] = [
            (b"\xff\xd8\xff\xe0\0\x10JF", Some(DocumentType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Some(DocumentType::Png)),
            (b"%PDF-1.7", Some(DocumentType::Pdf)),
            (b"<!DOCTYP", None),
            (b"\xff\xd8", None),
            (b"", None),
        ];
        for (bytes, kind) in files {
            for other in [DocumentType::Jpeg, DocumentType::Png, DocumentType::Pdf] {
                assert_eq!(other.begins_so(bytes), kind == Some(other));
            }
        }
    }
}
