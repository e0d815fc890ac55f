//! The world as a function sees it: configuration, clock, randomness and the AWS clients, reached
//! through one value, so that a run can be replayed from a seed and any call can be made to fail.
//!
//! What each variable means is documented where it is read (see [`Configure`]).

use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::SharedHttpClient};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use jiff::Timestamp;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use uuid::Uuid;

use crate::{error::Error, password::Cost, secrets::Secrets};

mod connections;

pub use connections::http_client;

/// A function's environment: the process's variables in the cloud, the template's locally.
#[derive(Clone, Debug, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The variables of this process.
    pub fn from_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// An optional variable; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// That no emulator's switch (`…_EMULATOR_HOST`) is set where Lambda's own variables are: an
    /// emulator's tokens are unsigned. Not by those variables that cargo-lambda sets too.
    fn no_emulator_in_lambda(&self) -> Result<(), ConfigError> {
        let in_lambda = [
            "AWS_LAMBDA_INITIALIZATION_TYPE",
            "AWS_LAMBDA_LOG_GROUP_NAME",
        ];
        let is_set = |name: &str| self.get(name).is_some();
        let mut names = self.0.keys();
        match names.find(|name| name.ends_with("_EMULATOR_HOST") && is_set(name)) {
            Some(switch) if in_lambda.into_iter().any(is_set) => {
                Err(ConfigError::Emulator(switch.clone()))
            }
            _ => Ok(()),
        }
    }

    /// A variable without which the function cannot work.
    pub fn required(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.get(name).ok_or(ConfigError::Missing(name))
    }

    /// A variable in the form that `T` parses from, `default` where it is absent.
    pub fn parsed<T: std::str::FromStr>(
        &self,
        name: &'static str,
        default: T,
    ) -> Result<T, ConfigError> {
        self.get(name).map_or(Ok(default), |value| {
            value.parse().map_err(|_| ConfigError::Invalid(name))
        })
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// A variable that keeps the function from working. Says which, never its value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// The variable is not in the form that its reader documents.
    #[error("the environment variable {0} has an invalid value")]
    Invalid(&'static str),
    /// The variable switches to an emulator, and this is no place for one.
    #[error(
        "the environment variable {0} must not be set in Lambda: an emulator vouches for nobody"
    )]
    Emulator(String),
}

impl ConfigError {
    /// The variable.
    pub fn variable(&self) -> &str {
        match self {
            Self::Missing(name) | Self::Invalid(name) => name,
            Self::Emulator(name) => name,
        }
    }
}

/// Reads a configuration and forgets it.
pub type Check = fn(&Env) -> Result<(), ConfigError>;

/// The [`Check`] of a concern.
///
/// # Errors
/// The concern's own.
pub fn check<T: Configure>(env: &Env) -> Result<(), ConfigError> {
    T::configure(env).map(drop)
}

/// One concern's configuration, read once from the environment. One that can be of a wrong form is among
/// its crate's `CHECKS`: a local stack refuses at its start what a function would refuse.
pub trait Configure: Sized + Send + Sync + 'static {
    /// Reads the concern's variables.
    fn configure(env: &Env) -> Result<Self, ConfigError>;
}

/// Tells the time. In the cloud the system's, locally one that tests and the demo can set.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that asks `now`.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// A cryptographic generator: seeded from the operating system in the cloud, from a number in a
/// test that is to be replayed.
#[derive(Clone)]
pub struct Random(Arc<Mutex<ChaCha20Rng>>);

impl Random {
    /// Seeded by the operating system.
    pub fn system() -> Result<Self, ConfigError> {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed)
            .map_err(|_| ConfigError::Invalid("(the operating system's random source)"))?;
        Ok(Self::from_bytes(seed))
    }

    /// Gives the same sequence for the same seed. Never for production.
    pub fn from_seed(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self::from_bytes(bytes)
    }

    fn from_bytes(seed: [u8; 32]) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::from_seed(seed))))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes
    }
}

/// Everything a handler reaches the world through. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    env: Env,
    limits: TimeLimits,
    password_cost: Cost,
    clock: Clock,
    random: Random,
    sdk: SdkConfig,
    configurations: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    secrets: Secrets,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    chime: OnceLock<aws_sdk_chimesdkmeetings::Client>,
    media_pipelines: OnceLock<aws_sdk_chimesdkmediapipelines::Client>,
    eventbridge: OnceLock<aws_sdk_eventbridge::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    secretsmanager: OnceLock<aws_sdk_secretsmanager::Client>,
    ses: OnceLock<aws_sdk_sesv2::Client>,
    apigateway_management: OnceLock<aws_sdk_apigatewaymanagement::Client>,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The function's environment.
    pub env: Env,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub random: Random,
    /// The connections the SDKs share; the place where a test makes a call fail.
    pub http: SharedHttpClient,
    /// How long things may take.
    pub limits: TimeLimits,
    /// What hashing a password costs; tests that make hundreds of accounts pay less.
    pub password_cost: Cost,
}

/// How long things may take. The defaults are the cloud's; a test whose machine is busy waits longer.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// Connecting to a service.
    pub connect: Duration,
    /// One attempt of an outside call.
    pub attempt: Duration,
    /// An outside call: three attempts and the pauses between them.
    pub operation: Duration,
    /// A handler, before the caller is answered 408. Outside calls end below it, and it ends below
    /// the function's own timeout.
    pub answer: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            attempt: Duration::from_millis(2_500),
            operation: Duration::from_secs(8),
            answer: Duration::from_secs(10),
        }
    }
}

impl TimeLimits {
    /// Each is this long.
    pub const fn all(time: Duration) -> Self {
        Self {
            connect: time,
            attempt: time,
            operation: time,
            answer: time,
        }
    }

    /// What every outside call is made with.
    pub(crate) fn of_calls(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }
}

impl App {
    /// The App of a function in the cloud (or under cargo-lambda): this process's environment, the
    /// system's clock and randomness.
    ///
    /// # Errors
    /// The variable that is missing, wrong, or an emulator's in the cloud.
    pub fn from_process() -> Result<Self, ConfigError> {
        let env = Env::from_process();
        env.no_emulator_in_lambda()?;
        Self::new(Parts {
            env,
            clock: Clock::system(),
            random: Random::system()?,
            http: http_client(),
            limits: TimeLimits::default(),
            password_cost: Cost::default(),
        })
    }

    /// Reads the SDK's standard variables: `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and `AWS_ENDPOINT_URL`. Lambda hands a function
    /// its credentials in the environment and nowhere else, so no provider chain is linked.
    pub fn new(parts: Parts) -> Result<Self, ConfigError> {
        let env = parts.env;
        let credentials = Credentials::new(
            env.required("AWS_ACCESS_KEY_ID")?,
            env.required("AWS_SECRET_ACCESS_KEY")?,
            env.get("AWS_SESSION_TOKEN").map(str::to_owned),
            None,
            "environment",
        );
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(env.required("AWS_REGION")?.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(parts.http)
            .retry_config(retries())
            .timeout_config(parts.limits.of_calls());
        sdk.set_endpoint_url(env.get("AWS_ENDPOINT_URL").map(str::to_owned));
        Ok(Self(Arc::new(Inner {
            env,
            limits: parts.limits,
            password_cost: parts.password_cost,
            clock: parts.clock,
            random: parts.random,
            sdk: sdk.build(),
            configurations: Mutex::default(),
            secrets: Secrets::default(),
            dynamodb: OnceLock::new(),
            chime: OnceLock::new(),
            media_pipelines: OnceLock::new(),
            eventbridge: OnceLock::new(),
            s3: OnceLock::new(),
            secretsmanager: OnceLock::new(),
            ses: OnceLock::new(),
            apigateway_management: OnceLock::new(),
        })))
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// `N` random bytes, fit for secrets.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.0.random.bytes()
    }

    /// A new id: UUIDv7 of the present time.
    pub fn new_id(&self) -> Uuid {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid()
    }

    /// The function's environment, for what is a variable and nothing more.
    pub(crate) fn env(&self) -> &Env {
        &self.0.env
    }

    /// The concern's configuration, read on first use.
    ///
    /// # Errors
    /// `internal_server_error`, with the variable's name in the log.
    pub fn config<T: Configure>(&self) -> Result<Arc<T>, Error> {
        let mut known = self
            .0
            .configurations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = known.get(&TypeId::of::<T>())
            && let Ok(config) = Arc::clone(config).downcast::<T>()
        {
            return Ok(config);
        }
        let config = Arc::new(T::configure(&self.0.env).map_err(|error| Error::internal(error))?);
        known.insert(TypeId::of::<T>(), Arc::clone(&config) as _);
        Ok(config)
    }

    /// How long things may take.
    pub fn limits(&self) -> TimeLimits {
        self.0.limits
    }

    /// The SDKs' pooled connections, for calls to services that have no AWS SDK.
    pub fn http(&self) -> Option<SharedHttpClient> {
        self.0.sdk.http_client()
    }

    /// What hashing a password costs.
    pub fn password_cost(&self) -> Cost {
        self.0.password_cost
    }

    /// The secrets this function may read.
    pub fn secrets(&self) -> &Secrets {
        &self.0.secrets
    }

    /// DynamoDB, connected on first use; so are the others.
    pub fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.0
            .dynamodb
            .get_or_init(|| aws_sdk_dynamodb::Client::new(&self.0.sdk))
    }

    /// Connects to DynamoDB, for the calls to come: the handshake and the reading of the trusted
    /// certificates are most of what a first call takes. `/ping` is answered without a permission;
    /// what is answered is of no interest, and a failure is the first call's to tell.
    pub async fn warm_up(&self) {
        // Of all requests the one that wants nothing: one that lacks something is never sent.
        let ping = self.dynamodb().list_tables().customize();
        let sent = ping.mutate_request(|request| {
            let _ = request.set_method("GET");
            let _ = request.set_uri(format!("{}ping", request.uri()));
            request.headers_mut().remove("content-length");
            *request.body_mut() = SdkBody::empty();
        });
        drop(sent.send().await);
    }

    /// Chime SDK Meetings.
    pub fn chime(&self) -> &aws_sdk_chimesdkmeetings::Client {
        self.0
            .chime
            .get_or_init(|| aws_sdk_chimesdkmeetings::Client::new(&self.0.sdk))
    }

    /// Chime SDK Media Pipelines.
    pub fn media_pipelines(&self) -> &aws_sdk_chimesdkmediapipelines::Client {
        self.0
            .media_pipelines
            .get_or_init(|| aws_sdk_chimesdkmediapipelines::Client::new(&self.0.sdk))
    }

    /// EventBridge.
    pub fn eventbridge(&self) -> &aws_sdk_eventbridge::Client {
        self.0
            .eventbridge
            .get_or_init(|| aws_sdk_eventbridge::Client::new(&self.0.sdk))
    }

    /// S3. A local address has no host name for each bucket: the bucket stands in the path there.
    /// Checksums are those that a call names.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.0.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.0.sdk)
                .force_path_style(self.0.sdk.endpoint_url().is_some())
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    /// Secrets Manager.
    pub fn secretsmanager(&self) -> &aws_sdk_secretsmanager::Client {
        self.0
            .secretsmanager
            .get_or_init(|| aws_sdk_secretsmanager::Client::new(&self.0.sdk))
    }

    /// Simple Email Service.
    pub fn ses(&self) -> &aws_sdk_sesv2::Client {
        self.0
            .ses
            .get_or_init(|| aws_sdk_sesv2::Client::new(&self.0.sdk))
    }

    /// API Gateway's management of WebSocket connections, at the WebSocket API's own address: the
    /// SDK's variable `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI`,
    /// `https://<api>.execute-api.<region>.amazonaws.com/<stage>`.
    pub fn apigateway_management(&self) -> &aws_sdk_apigatewaymanagement::Client {
        self.0.apigateway_management.get_or_init(|| {
            let mut config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.0.sdk);
            if let Some(url) = self.0.env.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI") {
                config = config.endpoint_url(url);
            }
            aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
        })
    }
}

/// How often every outside call is tried: three times, with jittered pauses.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(100))
}

#[cfg(test)]
mod tests;
