//! Starts and holds the system.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use enishi_shared::app::{Env, Parts, Random, TimeLimits, http_client};
use jiff::Timestamp;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, Notify, mpsc, watch},
};

use crate::{
    aws::{Aws, Services},
    bus::Buses,
    chime::{Chime, Quotas},
    clock::LocalClock,
    database,
    firebase::{self, Firebase},
    gateway::Gateway,
    keys::Keys,
    lambda::Lambda,
    mailbox::Mailbox,
    s3::{S3, SECRET_KEY, photos_bucket},
    schedule::Schedules,
    secrets::{SECRET_ARN_PREFIX, Secrets},
    streams::Streams,
    stripe::{self, Stripe},
    template::{self, DEFAULT_BUS, REGION, System},
    websocket::WebSockets,
};

mod serve;

/// The operator that a fresh stack knows.
pub const OPERATOR_EMAIL: &str = "operator@example.com";
/// The operator's password. The stack listens on this machine only.
pub const OPERATOR_PASSWORD: &str = "enishi-operator";

/// How to start a stack.
pub struct Options {
    /// The port of the API; 0 takes any.
    pub port: u16,
    /// The port at which AWS SDKs reach the stand-ins; 0 takes any.
    pub aws_port: u16,
    /// Where everything is kept; `None` keeps it in memory.
    pub directory: Option<PathBuf>,
    /// The template.
    pub template: PathBuf,
    /// Parameters of the template that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
    /// The time.
    pub clock: LocalClock,
    /// Chime's quotas.
    pub quotas: Quotas,
    /// Whether schedules, streams and meetings go by themselves. Tests and the demo move the stack
    /// on with [`Stack::settle`] and [`Stack::at`] instead.
    pub automatic: bool,
    /// Replays the functions' randomness from this number.
    pub seed: Option<u64>,
    /// The functions' connections to AWS; a test puts its faults here.
    pub http: SharedHttpClient,
    /// How long the functions and what they call may take.
    pub limits: TimeLimits,
}

impl Options {
    /// A stack in memory on any ports, moved on by hand from `time` on.
    pub fn in_memory(time: Timestamp) -> Self {
        Self {
            port: 0,
            aws_port: 0,
            directory: None,
            template: template_path(),
            parameters: BTreeMap::new(),
            clock: LocalClock::still(time),
            quotas: Quotas::default(),
            automatic: false,
            seed: None,
            http: http_client(),
            limits: TimeLimits::default(),
        }
    }
}

/// The repository's folder: where `template.yaml` stands and `.enishi/` is kept.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .ancestors()
        .nth(2)
        .map_or_else(|| package.to_owned(), Path::to_owned)
}

/// The repository's `template.yaml`.
pub fn template_path() -> PathBuf {
    root().join("template.yaml")
}

/// A running system.
#[derive(Clone)]
pub struct Stack(Arc<Inner>);

struct Inner {
    api: SocketAddr,
    aws: SocketAddr,
    system: System,
    environment: BTreeMap<String, BTreeMap<String, String>>,
    limits: TimeLimits,
    clock: LocalClock,
    lambda: Lambda,
    streams: Streams,
    schedules: Schedules,
    buses: Buses,
    websockets: WebSockets,
    calls: Aws,
    chime: Chime,
    mailbox: Mailbox,
    firebase: Firebase,
    stripe: Stripe,
    database: dynoxide::Database,
    chime_events: Mutex<mpsc::UnboundedReceiver<Value>>,
    chime_file: Option<PathBuf>,
    written: Arc<Notify>,
    stopping: watch::Sender<bool>,
}

impl Stack {
    /// Starts a stack. It serves when this returns.
    ///
    /// # Errors
    /// One sentence that says what is in the way.
    pub async fn start(options: Options) -> Result<Self, String> {
        let directory = options.directory.as_deref();
        if let Some(directory) = directory {
            writable(directory)?;
        }
        let clock = options.clock;
        let keys = keys(directory)?;
        let text = std::fs::read_to_string(&options.template)
            .map_err(|error| format!("{} cannot be read: {error}", options.template.display()))?;
        let system = template::load(&text, &parameters(&keys, options.parameters))
            .map_err(|error| error.to_string())?;

        let api = listen(options.port, "--port").await?;
        let aws = listen(options.aws_port, "--aws-port").await?;
        let api_address = api.local_addr().map_err(|error| error.to_string())?;
        let aws_address = aws.local_addr().map_err(|error| error.to_string())?;

        let database = database::open(
            directory
                .map(|directory| directory.join("dynamodb.sqlite"))
                .as_deref(),
            &clock,
        )?;
        database::make_tables(&database, &system.tables)?;
        let database_listener = listen(0, "").await?;
        let database_address = database_listener
            .local_addr()
            .map_err(|error| error.to_string())?;
        let (stopping, stopped) = watch::channel(false);
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            database_listener,
            database.clone(),
            serve::until(stopped.clone()),
        ));

        let environment: BTreeMap<String, BTreeMap<String, String>> = system
            .functions
            .iter()
            .map(|function| {
                (
                    function.logical_id.clone(),
                    environment(function, aws_address, &live_url(&system, api_address)),
                )
            })
            .collect();
        let http = options.http;
        let random = match options.seed {
            Some(seed) => Random::from_seed(seed),
            None => Random::system().map_err(|error| error.to_string())?,
        };
        let lambda = Lambda::new(
            &system.functions,
            |function| Parts {
                env: environment
                    .get(&function.logical_id)
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .collect::<Env>(),
                clock: clock.as_clock(),
                random: random.clone(),
                http: http.clone(),
                limits: options.limits,
            },
            {
                let clock = clock.clone();
                move || clock.now()
            },
            directory.map(|directory| directory.join("dead-letters")),
        )?;

        let websockets = WebSockets::new(
            system.websocket.clone(),
            clock.as_now(),
            stopped,
            options.limits.answer,
            {
                let lambda = lambda.clone();
                move |function, event| {
                    let lambda = lambda.clone();
                    async move { lambda.invoke(&function, event).await }
                }
            },
        );
        let (sender, chime_events) = mpsc::unbounded_channel();
        let chime = Chime::new(clock.as_now(), options.quotas, sender);
        let chime_file = directory.map(|directory| directory.join("meetings.json"));
        if let Some(snapshot) = chime_file
            .as_ref()
            .and_then(|file| std::fs::read(file).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        {
            // Meetings of an older form have ended long since.
            if let Err(error) = chime.restore(snapshot) {
                tracing::warn!(%error, "the meetings of the last run are forgotten");
            }
        }
        let mailbox = Mailbox::new(
            clock.as_now(),
            directory.map(|directory| directory.join("mail")),
        );
        let firebase = Firebase::open(
            clock.as_now(),
            firebase_project(&system),
            directory.map(|directory| directory.join("firebase.json")),
        )?;
        let stripe = Stripe::open(
            clock.as_now(),
            format!("http://{aws_address}/stripe"),
            webhook_url(&system, api_address),
            directory.map(|directory| directory.join("stripe.json")),
        );
        let buses = Buses::new(&system, lambda.clone(), clock.as_now());
        let streams = Streams::new(
            &system,
            database.clone(),
            lambda.clone(),
            directory.map(|directory| directory.join("streams.json")),
        );
        let written = Arc::new(Notify::new());
        let calls = Aws::new(Services {
            functions: system.functions.clone(),
            tables: system.tables.clone(),
            database: format!("http://{database_address}/")
                .parse()
                .map_err(|_| "the database has no address".to_owned())?,
            chime: chime.clone(),
            mailbox: mailbox.clone(),
            s3: S3::open(&system, directory, clock.as_now())?,
            secrets: Secrets::new(
                [
                    (secret_arn("token-signing-key"), keys.token_signing_key),
                    (secret_arn("join-token-key"), keys.join_token_key),
                    (secret_arn("stripe"), stripe::api_secret()),
                    (secret_arn("stripe-webhook"), stripe::webhook_secret()),
                ],
                clock.now(),
            ),
            buses: buses.clone(),
            websockets: websockets.clone(),
            written: Arc::clone(&written),
        });
        let gateway = Gateway::new(
            system.routes.clone(),
            system.cors.clone(),
            clock.as_now(),
            options.limits.answer,
        );
        let stack = Self(Arc::new(Inner {
            api: api_address,
            aws: aws_address,
            schedules: Schedules::new(&system.functions, clock.now()),
            system,
            environment,
            limits: options.limits,
            clock,
            lambda,
            streams,
            buses,
            websockets,
            calls,
            chime,
            mailbox,
            firebase,
            stripe,
            database,
            chime_events: Mutex::new(chime_events),
            chime_file,
            written,
            stopping,
        }));
        serve::api(api, Arc::new(gateway), stack.clone());
        serve::aws(aws, stack.clone());
        if options.automatic {
            stack.run_by_itself();
        }
        Ok(stack)
    }

    /// Stops the servers; what is under way is finished. Without it they go on until the process
    /// ends.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Ends with [`Self::stop`].
    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        serve::until(self.0.stopping.subscribe())
    }

    /// The API's address, `http://127.0.0.1:3000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.api)
    }

    /// Where clients open WebSockets, `ws://127.0.0.1:3000/live`; without a path where the template
    /// has no WebSocket API.
    pub fn live_url(&self) -> String {
        live_url(&self.0.system, self.0.api)
    }

    /// Where AWS SDKs reach the stand-ins.
    pub fn aws_url(&self) -> String {
        format!("http://{}", self.0.aws)
    }

    /// What the template declares.
    pub fn system(&self) -> &System {
        &self.0.system
    }

    /// Each function's environment, by logical id; what a function run elsewhere needs.
    pub fn environment(&self) -> &BTreeMap<String, BTreeMap<String, String>> {
        &self.0.environment
    }

    /// How long the functions and what they call may take.
    pub fn limits(&self) -> TimeLimits {
        self.0.limits
    }

    /// The time here.
    pub fn clock(&self) -> &LocalClock {
        &self.0.clock
    }

    /// The functions.
    pub fn lambda(&self) -> &Lambda {
        &self.0.lambda
    }

    /// What the functions asked of AWS.
    pub fn aws(&self) -> &Aws {
        &self.0.calls
    }

    /// The meetings.
    pub fn chime(&self) -> &Chime {
        &self.0.chime
    }

    /// The mails.
    pub fn mailbox(&self) -> &Mailbox {
        &self.0.mailbox
    }

    /// Firebase Auth.
    pub fn firebase(&self) -> &Firebase {
        &self.0.firebase
    }

    /// Stripe: what customers do on its pages, and its webhooks.
    pub fn stripe(&self) -> &Stripe {
        &self.0.stripe
    }

    /// The WebSockets that are open.
    pub fn websocket(&self) -> &WebSockets {
        &self.0.websockets
    }

    /// The embedded database, for looking into.
    pub fn database(&self) -> &dynoxide::Database {
        &self.0.database
    }

    /// Sets the clock, fires the schedules that are due then, and settles.
    pub async fn at(&self, time: Timestamp) {
        self.0.clock.set(Some(time));
        self.settle().await;
        self.0.schedules.fire(&self.0.lambda, self.0.clock.now());
        self.settle().await;
    }

    /// Hands over all that waits in streams, rules and meetings, until nothing is under way: no
    /// asynchronous invocation, no WebSocket message that has arrived, no `$disconnect`.
    pub async fn settle(&self) {
        loop {
            let moved = self.move_on().await;
            let waited = self.0.lambda.idle().await;
            let handled = self.0.websockets.idle().await;
            if !moved && !waited && !handled {
                return;
            }
        }
    }

    async fn move_on(&self) -> bool {
        self.0.chime.tick();
        let mut moved = false;
        {
            let mut events = self.0.chime_events.lock().await;
            while let Ok(event) = events.try_recv() {
                self.0.buses.deliver(DEFAULT_BUS, &event);
                moved = true;
            }
        }
        if moved && let Some(file) = &self.0.chime_file {
            let snapshot = self.0.chime.snapshot().to_string();
            if let Err(error) = std::fs::write(file, snapshot) {
                tracing::warn!(%error, "the meetings could not be kept");
            }
        }
        moved |= self.0.stripe.deliver().await;
        self.0.stripe.keep();
        match self.0.streams.poll().await {
            Ok(any) => moved || any,
            Err(error) => {
                tracing::error!(error, "a stream could not be read");
                moved
            }
        }
    }

    /// Streams and meetings as things happen, schedules by the clock.
    fn run_by_itself(&self) {
        let stack = self.clone();
        tokio::spawn(async move {
            loop {
                stack.move_on().await;
                let written = stack.0.written.notified();
                // Meetings tell of themselves only when they are asked.
                let _ = tokio::time::timeout(Duration::from_millis(250), written).await;
            }
        });
        let stack = self.clone();
        tokio::spawn(async move {
            loop {
                // Asked for first: a clock that is set while the schedules fire must not be missed.
                let changed = stack.0.clock.changed();
                let now = stack.0.clock.now();
                stack.0.schedules.fire(&stack.0.lambda, now);
                let wait = stack
                    .0
                    .schedules
                    .next()
                    .and_then(|next| Duration::try_from(next.duration_since(now)).ok())
                    .unwrap_or(Duration::from_secs(60));
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = changed => {}
                }
            }
        });
        let database = self.0.database.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                let database = database.clone();
                let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
                if let Ok(Err(error)) = swept {
                    tracing::warn!(%error, "expired items could not be removed");
                }
            }
        });
    }
}

async fn listen(port: u16, option: &str) -> Result<TcpListener, String> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| {
            if error.kind() == std::io::ErrorKind::AddrInUse {
                format!(
                    "port {port} is taken: another stack may be running; stop it or choose another \
                 port with {option}"
                )
            } else {
                format!("port {port} cannot be listened on: {error}")
            }
        })
}

/// Makes the folder and tries to write in it.
fn writable(directory: &Path) -> Result<(), String> {
    let probe = directory.join(".writable");
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&probe, ""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| format!("{} cannot be written to: {error}", directory.display()))
}

/// The keys of this folder, made when there are none.
fn keys(directory: Option<&Path>) -> Result<Keys, String> {
    let Some(directory) = directory else {
        return Keys::generate();
    };
    let file = directory.join("keys.json");
    match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|_| format!("{} holds no keys; start with --fresh", file.display())),
        Err(_) => {
            let keys = Keys::generate()?;
            let text = serde_json::to_string_pretty(&keys).map_err(|error| error.to_string())?;
            std::fs::write(&file, text)
                .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
            Ok(keys)
        }
    }
}

fn secret_arn(name: &str) -> String {
    format!("{SECRET_ARN_PREFIX}enishi/{name}")
}

/// The parameters without a default, and the operator of a local stack.
pub(crate) fn parameters(
    keys: &Keys,
    others: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::from([
        ("TokenPublicKeys".to_owned(), keys.public_keys.clone()),
        (
            "TokenSigningSecretArn".to_owned(),
            secret_arn("token-signing-key"),
        ),
        (
            "JoinTokenSecretArn".to_owned(),
            secret_arn("join-token-key"),
        ),
        ("StripeSecretArn".to_owned(), secret_arn("stripe")),
        (
            "StripeWebhookSecretArn".to_owned(),
            secret_arn("stripe-webhook"),
        ),
        ("OperatorEmails".to_owned(), OPERATOR_EMAIL.to_owned()),
    ]);
    parameters.extend(others);
    parameters
}

/// Where Stripe sends its webhooks, if the template takes any.
fn webhook_url(system: &System, api: SocketAddr) -> Option<String> {
    let taken = |route: &template::Route| route.path == stripe::WEBHOOK_PATH;
    let any = system.routes.iter().any(taken);
    any.then(|| format!("http://{api}{}", stripe::WEBHOOK_PATH))
}

fn live_url(system: &System, api: SocketAddr) -> String {
    let stage = system.websocket.as_ref().map(|api| api.stage.as_str());
    format!("ws://{api}/{}", stage.unwrap_or_default())
}

/// The Firebase project that the template's functions take tokens of.
fn firebase_project(system: &System) -> &str {
    let mut environments = system
        .functions
        .iter()
        .map(|function| &function.environment);
    environments
        .find_map(|environment| environment.get("FIREBASE_PROJECT_ID"))
        .map_or(firebase::PROJECT, String::as_str)
}

/// A function's environment: the template's, what Lambda and the SDKs set, and the local address of
/// the WebSocket API, of Stripe and of what a CDN serves in the cloud.
fn environment(
    function: &template::Function,
    aws: SocketAddr,
    live_url: &str,
) -> BTreeMap<String, String> {
    let mut environment = function.environment.clone();
    for (name, here) in [
        ("LIVE_URL", live_url),
        (
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI",
            &format!("http://{aws}"),
        ),
        ("STRIPE_API_BASE", &format!("http://{aws}/stripe")),
    ] {
        if let Some(value) = environment.get_mut(name) {
            *value = here.to_owned();
        }
    }
    for (name, value) in [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", &function.logical_id),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_ENDPOINT_URL", &format!("http://{aws}")),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    if environment.contains_key("FIREBASE_PROJECT_ID") {
        environment.insert("FIREBASE_AUTH_EMULATOR_HOST".to_owned(), aws.to_string());
    }
    if let Some(bucket) = photos_bucket(function) {
        environment.insert("PHOTOS_URL".to_owned(), format!("http://{aws}/{bucket}"));
    }
    environment
}
