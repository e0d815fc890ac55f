//! The keys of an installation: the Ed25519 pair that access tokens are signed with, and the key
//! that seals attendees' join tokens.

use std::path::Path;

use aws_lc_rs::{
    rand::fill,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use enishi_shared::token::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::directory::{keep_to_oneself, replace};

/// The secrets of an installation with the public half of its signing key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keys {
    /// The signing key's secret, JSON.
    pub token_signing_key: String,
    /// The sealing key's secret, 32 bytes in base64.
    pub join_token_key: String,
    /// The JWKS of the signing key's public half.
    pub public_keys: String,
}

impl Keys {
    /// The keys of this folder, made when there are none; without a folder new ones.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the folder's file.
    pub fn open(directory: Option<&Path>) -> Result<Self, String> {
        let Some(directory) = directory else {
            return Self::generate();
        };
        let file = directory.join("keys.json");
        let unwritable = |error| format!("{} cannot be written: {error}", file.display());
        match std::fs::read(&file) {
            Ok(bytes) => {
                keep_to_oneself(&file).map_err(unwritable)?;
                serde_json::from_slice(&bytes)
                    .map_err(|_| format!("{} holds no keys; start with --fresh", file.display()))
            }
            Err(_) => {
                let keys = Self::generate()?;
                let text =
                    serde_json::to_string_pretty(&keys).map_err(|error| error.to_string())?;
                replace(&file, text).map_err(unwritable)?;
                Ok(keys)
            }
        }
    }

    /// New keys.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate() -> Result<Self, String> {
        let failed = |_| "the operating system gives no randomness".to_owned();
        let pair = Ed25519KeyPair::generate().map_err(failed)?;
        let pkcs8 = pair.to_pkcs8().map_err(failed)?;
        let mut kid = [0; 9];
        let mut join_token_key = [0; 32];
        fill(&mut kid).map_err(failed)?;
        fill(&mut join_token_key).map_err(failed)?;
        let kid = BASE64_URL_SAFE_NO_PAD.encode(kid);
        let public = public_key(&kid, pair.public_key().as_ref());
        let signing_key = SigningKey {
            kid,
            pkcs8: BASE64_STANDARD.encode(pkcs8.as_ref()),
        };
        Ok(Self {
            token_signing_key: serde_json::to_string(&signing_key)
                .map_err(|error| error.to_string())?,
            join_token_key: BASE64_STANDARD.encode(join_token_key),
            public_keys: json!({"keys": [public]}).to_string(),
        })
    }
}

fn public_key(kid: &str, key: &[u8]) -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "kid": kid,
        "x": BASE64_URL_SAFE_NO_PAD.encode(key),
    })
}
