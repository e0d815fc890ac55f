//! How a stack is started.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;

use super::Stack;
use crate::{chime::Quotas, clock::LocalClock};
use enishi_shared::{app::TimeLimits, password::Cost};

/// A function's connections, by its logical id.
pub type Connections = Box<dyn Fn(&str) -> SharedHttpClient + Send + Sync>;

/// Connections that all functions share. All stand-ins speak plain HTTP: no certificates are read.
pub fn plain_http() -> Connections {
    let http = Builder::new().build_http();
    Box::new(move |_| http.clone())
}

/// How to start a stack.
pub struct Options {
    /// The port of the API; 0 takes any.
    pub port: u16,
    /// The port at which AWS SDKs reach the stand-ins; 0 takes any.
    pub aws_port: u16,
    /// The port of the front end, which links lead to then; 0 takes any, `None` serves none.
    pub web_port: Option<u16>,
    /// The port of the console; 0 takes any, `None` is a stack without one.
    pub console_port: Option<u16>,
    /// Where everything is kept; `None` keeps it in memory.
    pub directory: Option<PathBuf>,
    /// Begins as a copy of this stack, whose folder was copied to `directory`; but its tables are in memory.
    pub copy_of: Option<Stack>,
    /// Whether that folder is emptied first.
    pub fresh: bool,
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
    /// The functions' connections; a test puts its faults here.
    pub connections: Connections,
    /// How long the functions and what they call may take.
    pub limits: TimeLimits,
    /// What their passwords' hashes cost.
    pub password_cost: Cost,
}

impl Options {
    /// A stack in memory on any ports, moved on by hand from `time` on.
    pub fn in_memory(time: Timestamp) -> Self {
        Self {
            port: 0,
            aws_port: 0,
            web_port: None,
            console_port: None,
            directory: None,
            copy_of: None,
            fresh: false,
            template: template_path(),
            parameters: BTreeMap::new(),
            clock: LocalClock::still(time),
            quotas: Quotas::default(),
            automatic: false,
            seed: None,
            connections: plain_http(),
            limits: TimeLimits::default(),
            password_cost: Cost::default(),
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

/// What the front end was built into.
pub fn web_files() -> PathBuf {
    root().join("infra/web/dist")
}

/// The repository's `template.yaml`.
pub fn template_path() -> PathBuf {
    root().join("template.yaml")
}
