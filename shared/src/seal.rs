//! Short-lived secrets at rest: AES-256-GCM under a key from Secrets Manager, bound to the place
//! they belong to. And digests, for what must only be recognised.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hmac,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{app::App, error::Error};

/// A key for sealing, from its secret (32 bytes in base64).
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// Reads the key from the secret `arn`.
    ///
    /// # Errors
    /// When the secret cannot be read or is no such key.
    pub async fn from_secret(app: &App, arn: &str) -> Result<Self, Error> {
        let secret = app.secrets().get(app, arn).await?;
        BASE64_STANDARD
            .decode(secret.trim())
            .ok()
            .and_then(|bytes| UnboundKey::new(&AES_256_GCM, &bytes).ok())
            .map(|key| Self(LessSafeKey::new(key)))
            .ok_or_else(|| Error::internal("the sealing key is not 32 bytes in base64"))
    }

    /// Seals `plain` for `place`; nonce first, tag last.
    ///
    /// # Errors
    /// `internal_server_error` when the value is too large to seal.
    pub fn seal(&self, app: &App, place: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = app.random();
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| Error::internal("a value cannot be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] sealed for the same place; `None` if it is not that.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let plain = self
            .0
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.as_bytes()),
                &mut body,
            )
            .ok()?;
        Some(plain.to_vec())
    }
}

/// SHA-256, for storing what has 256 random bits of its own.
pub fn sha256(value: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, value).as_ref());
    bytes
}

/// HMAC-SHA-256.
pub fn hmac_sha256(key: &[u8], value: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), value).as_ref());
    bytes
}
