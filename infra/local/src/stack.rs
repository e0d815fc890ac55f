//! Starts and holds the system.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, PoisonError},
};

use enishi_shared::{
    App,
    app::{Parts, Random},
};
use serde_json::Value;
use tokio::sync::{Mutex, Notify, mpsc, watch};

use crate::{
    aws::{Aws, Services},
    bus::Buses,
    chime::Chime,
    clock::LocalClock,
    console::Console,
    database,
    directory::Directory,
    firebase::Firebase,
    gateway::Gateway,
    journal::{self, Cause, Journal},
    keys::Keys,
    lambda::Lambda,
    mailbox::Mailbox,
    s3::S3,
    schedule::Schedules,
    secrets::Secrets,
    streams::Streams,
    stripe::Stripe,
    template::{self, System},
    websocket::WebSockets,
};
use environment::Worlds;

mod configuration;
mod environment;
mod options;
mod run;
mod serve;

pub(crate) use environment::parameters;
pub use options::{Connections, Options, plain_http, root, template_path, web_files};

/// The tables' file in a stack's folder.
pub const DATABASE: &str = "dynamodb.sqlite";
/// The operator of a stack that is told of no other one.
pub const OPERATOR_EMAIL: &str = "operator@example.com";
/// The operator's password. The stack listens on this machine only.
pub const OPERATOR_PASSWORD: &str = "enishi-operator";

/// What the template says, with what its functions would refuse refused.
fn load(template: &Path, parameters: &BTreeMap<String, String>) -> Result<System, String> {
    let read = |file: &Path| {
        std::fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))
    };
    let text = read(template)?;
    let nested = |file: &str| read(&template.with_file_name(file));
    let system = template::load(&text, &nested, parameters).map_err(|error| error.to_string())?;
    configuration::check(&system)?;
    Ok(system)
}

/// A running system.
#[derive(Clone)]
pub struct Stack(Arc<Inner>);

struct Inner {
    api: SocketAddr,
    aws: SocketAddr,
    web: Option<SocketAddr>,
    system: Arc<System>,
    worlds: Arc<Worlds>,
    environments: OnceLock<BTreeMap<String, BTreeMap<String, String>>>,
    clock: LocalClock,
    lambda: Lambda,
    streams: Streams,
    schedules: Schedules,
    buses: Buses,
    websockets: WebSockets,
    journal: Option<Journal>,
    console: Option<Console>,
    calls: Aws,
    chime: Chime,
    mailbox: Mailbox,
    firebase: Firebase,
    stripe: Stripe,
    database: dynoxide::Database,
    database_file: Option<PathBuf>,
    chime_events: Mutex<mpsc::UnboundedReceiver<Value>>,
    chime_file: Option<PathBuf>,
    directory: std::sync::Mutex<Option<Directory>>,
    written: Arc<Notify>,
    stopping: watch::Sender<bool>,
}

impl Stack {
    /// Starts a stack. It serves when this returns.
    ///
    /// # Errors
    /// One sentence that says what is in the way.
    pub async fn start(options: Options) -> Result<Self, String> {
        let taken = match &options.directory {
            Some(directory) => Some(Directory::take(directory, options.fresh)?),
            None => None,
        };
        let directory = options.directory.as_deref();
        let clock = options.clock;
        if let Some(directory) = directory {
            clock.keep(directory.join("clock.json"))?;
        }
        let keys = Keys::open(directory)?;
        let web = match options.web_port {
            Some(port) => Some(serve::listen(port, "--web-port").await?),
            None => None,
        };
        let web_address = web.as_ref().map(|web| web.address);
        let system = match &options.copy_of {
            Some(other) => Arc::clone(&other.0.system),
            None => {
                let parameters = environment::parameters(&keys, web_address, options.parameters);
                Arc::new(load(&options.template, &parameters)?)
            }
        };

        let api = serve::listen(options.port, "--port").await?;
        let aws = serve::listen(options.aws_port, "--aws-port").await?;
        let (api_address, aws_address) = (api.address, aws.address);

        let database_file = directory.map(|directory| directory.join(DATABASE));
        let database = match (&options.copy_of, &database_file) {
            (Some(other), _) => database::in_memory(&clock, other.0.database_file.as_deref())?,
            (None, Some(file)) => database::open(file)?,
            (None, None) => database::in_memory(&clock, None)?,
        };
        if options.copy_of.is_none() {
            database::make_tables(&database, &system.tables)?;
        }
        let database_listener = serve::listen(0, "").await?;
        let database_address = database_listener.address;
        let (stopping, stopped) = watch::channel(false);
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            database_listener.v4,
            database.clone(),
            serve::until(stopped.clone()),
        ));

        let console = match options.console_port {
            Some(port) => Some(serve::listen(port, "--console-port").await?),
            None => None,
        };
        let journal = console.as_ref().map(|_| {
            let tables = system.tables.iter().map(|table| table.name.clone());
            Journal::new(clock.as_now(), tables.collect())
        });
        let random = match options.seed {
            Some(seed) => Random::from_seed(seed),
            None => Random::system().map_err(|error| error.to_string())?,
        };
        let worlds = Arc::new(Worlds {
            system: Arc::clone(&system),
            api: api_address,
            aws: aws_address,
            clock: clock.clone(),
            random,
            connections: options.connections,
            telling: journal.is_some(),
            limits: options.limits,
            password_cost: options.password_cost,
        });
        let lambda = Lambda::new(
            Arc::clone(&system),
            {
                let worlds = Arc::clone(&worlds);
                move |function| worlds.parts(function)
            },
            options.limits.answer,
            {
                let clock = clock.clone();
                move || clock.now()
            },
            options.directory.clone(),
        )?;

        let websockets = WebSockets::new(
            system.websocket.clone(),
            clock.as_now(),
            stopped,
            options.limits.answer,
            {
                let (lambda, journal) = (lambda.clone(), journal.clone());
                move |function, event| {
                    let (lambda, root) = (lambda.clone(), journal.as_ref().map(Journal::root));
                    async move {
                        let entry = journal::within_now(root, || serve::socket(&event));
                        journal::within(entry, lambda.invoke(&function, event)).await
                    }
                }
            },
        );
        let (sender, chime_events) = mpsc::unbounded_channel();
        let s3 = S3::open(&system, directory, clock.as_now())?;
        let chime = Chime::new(clock.as_now(), options.quotas, sender);
        let chime = chime.recording_to(s3.store());
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
        let mailbox = Mailbox::open(clock.as_now(), options.directory.clone());
        let firebase = Firebase::open(
            clock.as_now(),
            environment::firebase_project(&system),
            directory.map(|directory| directory.join("firebase.json")),
        )?;
        let stripe = Stripe::open(
            clock.as_now(),
            format!("http://{aws_address}/stripe"),
            environment::webhook_url(&system, api_address),
            directory.map(|directory| directory.join("stripe.json")),
        );
        let buses = Buses::new(&system, lambda.clone(), clock.as_now());
        let streams = Streams::new(
            &system,
            database.clone(),
            lambda.clone(),
            directory.map(|directory| directory.join("streams.json")),
        )?;
        let written = Arc::new(Notify::new());
        let calls = Aws::new(Services {
            system: Arc::clone(&system),
            database: format!("http://{database_address}/")
                .parse()
                .map_err(|_| "the database has no address".to_owned())?,
            chime: chime.clone(),
            mailbox: mailbox.clone(),
            s3,
            secrets: Secrets::new(environment::secrets(keys), clock.now()),
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
            web: web_address,
            schedules: Schedules::new(&system.functions, clock.now()),
            system,
            worlds,
            environments: OnceLock::new(),
            clock,
            lambda,
            streams,
            buses,
            websockets,
            journal,
            console: match &console {
                Some(at) => Some(Console::open(at.address, directory)?),
                None => None,
            },
            calls,
            chime,
            mailbox,
            firebase,
            stripe,
            database,
            database_file,
            chime_events: Mutex::new(chime_events),
            chime_file,
            directory: std::sync::Mutex::new(taken),
            written,
            stopping,
        }));
        serve::api(api, Arc::new(gateway), stack.clone());
        serve::aws(aws, stack.clone());
        if let Some(web) = web {
            serve::web(web, &stack)?;
        }
        if let Some(console) = console {
            serve::console(console, stack.clone());
        }
        journal::within_now(stack.root(), || stack.0.lambda.resume())?;
        if options.automatic {
            stack.run_by_itself();
        }
        Ok(stack)
    }

    /// Stops the servers, and leaves the folder to others; what is under way is finished. Without it
    /// they go on until the process ends.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
        let mut directory = self
            .0
            .directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *directory = None;
    }

    /// Ends with [`Self::stop`].
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        serve::until(self.0.stopping.subscribe())
    }

    /// The API's address, `http://localhost:3000`: to a browser the same site as a front end at
    /// `http://localhost:5173`, whose requests therefore carry the session's cookie. `127.0.0.1` would be
    /// another site.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.0.api.port())
    }

    /// Where clients open WebSockets, `ws://localhost:3000/live`; without a path where the template
    /// has no WebSocket API.
    pub fn live_url(&self) -> String {
        environment::live_url(&self.0.system, self.0.api)
    }

    /// Where AWS SDKs reach the stand-ins.
    pub fn aws_url(&self) -> String {
        format!("http://{}", self.0.aws)
    }

    /// Where a developer sees what happens, with the token in it; none of a stack without a console.
    pub fn console_url(&self) -> Option<String> {
        self.0.console.as_ref().map(Console::url)
    }

    /// The console; none of a stack without one.
    pub fn console(&self) -> Option<&Console> {
        self.0.console.as_ref()
    }

    /// What happens here; none of a stack without a console.
    pub fn journal(&self) -> Option<&Journal> {
        self.0.journal.as_ref()
    }

    /// For what nothing here led to.
    fn root(&self) -> Option<Cause> {
        self.0.journal.as_ref().map(Journal::root)
    }

    /// The port of that.
    pub fn aws_port(&self) -> u16 {
        self.0.aws.port()
    }

    /// The front end's address, `http://localhost:5173`, where it is served.
    pub fn web_url(&self) -> Option<String> {
        self.0.web.map(environment::web_url)
    }

    /// What the template declares.
    pub fn system(&self) -> &System {
        &self.0.system
    }

    /// Each function's environment, by logical id; what a function run elsewhere needs.
    pub fn environment(&self) -> &BTreeMap<String, BTreeMap<String, String>> {
        let all = || self.0.worlds.environments();
        self.0.environments.get_or_init(all)
    }

    /// An App of a function's own, by its logical id; for acting as that function.
    ///
    /// # Errors
    /// A sentence, when there is no such function.
    pub fn app(&self, function: &str) -> Result<App, String> {
        App::new(self.parts(function)?).map_err(|error| error.to_string())
    }

    /// What such an App is made of.
    ///
    /// # Errors
    /// A sentence, when there is no such function.
    pub fn parts(&self, function: &str) -> Result<Parts, String> {
        self.0.worlds.parts(function)
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
}
