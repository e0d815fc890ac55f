//! Secrets Manager, cached: a secret is read again after five minutes, so that a rotated key is
//! taken up without a deployment, and the old value serves on while the service does not answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::{app::App, error::Error, store::failed};

const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// The secrets that this process has read.
#[derive(Default)]
pub struct Secrets(Mutex<HashMap<String, (Timestamp, Arc<str>)>>);

impl Secrets {
    /// The current value of the secret `arn`. One request while it is not cached.
    ///
    /// # Errors
    /// `service_unavailable` or `internal_server_error` when it was never read and cannot be.
    pub async fn get(&self, app: &App, arn: &str) -> Result<Arc<str>, Error> {
        let known = self.lock().get(arn).cloned();
        if let Some((read_at, value)) = &known
            && app.now().duration_since(*read_at) < FRESH
        {
            return Ok(Arc::clone(value));
        }
        let answer = app
            .secretsmanager()
            .get_secret_value()
            .secret_id(arn)
            .send()
            .await;
        match (answer, known) {
            (Ok(output), _) => {
                let value: Arc<str> = output
                    .secret_string()
                    .ok_or_else(|| Error::internal("a secret holds no string"))?
                    .into();
                self.lock()
                    .insert(arn.to_owned(), (app.now(), Arc::clone(&value)));
                Ok(value)
            }
            (Err(_), Some((_, value))) => {
                tracing::warn!("a secret could not be read again; the cached value serves on");
                Ok(value)
            }
            (Err(error), None) => Err(failed(error)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Timestamp, Arc<str>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
