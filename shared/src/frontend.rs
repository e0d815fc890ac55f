//! The front end, which links in letters and answers lead to.

use crate::app::{ConfigError, Configure, Env};

/// `FRONTEND_URL`: its address, without a slash at the end.
pub struct FrontendUrl(pub String);

impl Configure for FrontendUrl {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let url = env.required("FRONTEND_URL")?;
        Ok(Self(url.trim_end_matches('/').to_owned()))
    }
}
