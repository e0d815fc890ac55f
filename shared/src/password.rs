//! Passwords: argon2id, 19 MiB, two passes, one lane (OWASP's recommendation), stored as a PHC
//! string. An unknown account costs the same work as a known one.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use crate::{app::App, error::Error};

/// What one hash costs us, and each guess whoever has stolen it.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Memory, KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory: 19 * 1024,
            passes: 2,
        }
    }
}

fn argon2(cost: Cost) -> Result<Argon2<'static>, Error> {
    let params = Params::new(cost.memory, cost.passes, 1, None);
    let params = params.map_err(|error| Error::internal(error))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of a new password.
///
/// # Errors
/// `internal_server_error` when memory for the hash cannot be had.
pub fn hash(app: &App, password: &str) -> Result<String, Error> {
    let salt: [u8; 16] = app.random();
    Ok(argon2(app.password_cost())?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| Error::internal(error))?
        .to_string())
}

/// Whether the password is the one behind `stored`; without an account (`None`) the same work is
/// done, and the answer is no.
///
/// # Errors
/// `internal_server_error` when the stored string is not a PHC string.
pub fn verify(app: &App, password: &str, stored: Option<&str>) -> Result<bool, Error> {
    let Some(stored) = stored else {
        hash(app, password)?;
        return Ok(false);
    };
    let stored = PasswordHash::new(stored).map_err(|error| Error::internal(error))?;
    // The stored string says what it cost.
    Ok(argon2(app.password_cost())?
        .verify_password(password.as_bytes(), &stored)
        .is_ok())
}
