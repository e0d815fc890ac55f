//! Lambda: the registered functions, each with an App of its own whose access key is the
//! function's logical id; invoked and waited for, or asynchronously with retries and dead letters.
//!
//! What was taken for an asynchronous invocation lies in `under-way/` until it is done with: a start
//! carries on with what the last run was killed at.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use enishi_shared::{App, Function, app::Parts, function::Handler};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    directory::replace,
    journal::{self, Kind},
    template::{self, System},
    terminal::summary,
};

/// Every function of every service.
pub fn registered() -> Vec<Function> {
    [
        enishi_identity::FUNCTIONS,
        enishi_rooms::FUNCTIONS,
        enishi_saju::FUNCTIONS,
        enishi_visits::FUNCTIONS,
        enishi_market::FUNCTIONS,
        enishi_orgs::FUNCTIONS,
        enishi_live::FUNCTIONS,
        enishi_payments::FUNCTIONS,
        enishi_platform::FUNCTIONS,
    ]
    .concat()
}

/// The same by their names.
static REGISTERED: LazyLock<BTreeMap<&str, Function>> = LazyLock::new(|| {
    let functions = registered().into_iter();
    functions
        .map(|function| (function.name, function))
        .collect()
});

/// What was given up, readable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Which one it is.
    pub id: Uuid,
    /// The queue it lies in.
    pub queue: String,
    /// The function that could not handle it, by its binary's name.
    pub function: String,
    /// Why.
    pub error: String,
    /// When it was given up.
    pub time: Timestamp,
    /// The event.
    pub event: Value,
}

/// An asynchronous invocation that is not done with, as it lies on disk.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    function: String,
    event: Value,
}

/// The functions of the system. Clones share everything.
#[derive(Clone)]
pub struct Lambda(Arc<Inner>);

struct Inner {
    system: Arc<System>,
    /// By their logical ids.
    functions: BTreeMap<String, Bound>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    dead_letters: Mutex<Vec<DeadLetter>>,
    directory: Option<PathBuf>,
    under_way: AtomicUsize,
    idle: Notify,
}

/// A handler, or why there is none.
type Made = Result<Handler, String>;

/// A function of the template with its handler and how long it may take.
struct Bound {
    /// Its binary's name.
    name: &'static str,
    /// It is made when it is first called: most functions of most stacks never are.
    handler: LazyLock<Made, Box<dyn FnOnce() -> Made + Send>>,
    timeout: Duration,
}

/// The folder of what is under way.
const UNDER_WAY: &str = "under-way";
/// The folder of the dead letters, in a folder for each queue.
const DEAD_LETTERS: &str = "dead-letters";

/// What is in a folder, by name; nothing where there is no folder.
fn files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let files = entries.map(|entry| entry.map(|entry| entry.path()));
    let files: Result<Vec<PathBuf>, _> = files.collect();
    let mut files = files.map_err(|error| unreadable(directory, &error))?;
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::warn!(%error, "an invocation that is done with will be repeated");
    }
}

impl Lambda {
    /// Binds each function of the template to its handler. `parts` gives a function, by its logical id, its
    /// world; `answer` is how long it may take at least. Dead letters and what is under way are kept in
    /// `directory`.
    ///
    /// # Errors
    /// A sentence that names the function without a handler.
    pub fn new(
        system: Arc<System>,
        parts: impl Fn(&str) -> Result<Parts, String> + Send + Sync + 'static,
        answer: Duration,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        directory: Option<PathBuf>,
    ) -> Result<Self, String> {
        let parts = Arc::new(parts);
        let mut bound = BTreeMap::new();
        for function in &system.functions {
            let registered = *REGISTERED.get(function.name.as_str()).ok_or_else(|| {
                format!(
                    "{}:{}: there is no function `{}` in functions/.",
                    function.file, function.line, function.name
                )
            })?;
            // Who is given longer to answer is not cut off before.
            let timeout = u64::from(function.timeout_s).max(answer.as_secs());
            let (parts, id) = (Arc::clone(&parts), function.logical_id.clone());
            let bind: Box<dyn FnOnce() -> Made + Send> = Box::new(move || {
                let app = App::new(parts(&id)?).map_err(|error| format!("{id}: {error}"))?;
                Ok(registered.handler(app))
            });
            bound.insert(
                function.logical_id.clone(),
                Bound {
                    name: registered.name,
                    handler: LazyLock::new(bind),
                    timeout: Duration::from_secs(timeout),
                },
            );
        }
        Ok(Self(Arc::new(Inner {
            system,
            functions: bound,
            clock: Box::new(now),
            dead_letters: Mutex::default(),
            directory,
            under_way: AtomicUsize::new(0),
            idle: Notify::new(),
        })))
    }

    /// The function with this logical id.
    pub fn function(&self, logical_id: &str) -> Option<&template::Function> {
        self.0.system.function(logical_id)
    }

    /// The function with this logical id or binary's name.
    pub fn find(&self, name: &str) -> Option<&template::Function> {
        let mut functions = self.0.system.functions.iter();
        functions.find(|function| function.logical_id == name || function.name == name)
    }

    /// Invokes a function and waits for its answer, its timeout at the longest.
    ///
    /// # Errors
    /// The function's own failure, as Lambda would report it.
    pub async fn invoke(&self, logical_id: &str, event: Value) -> Result<Value, String> {
        let bound = self.0.functions.get(logical_id);
        let bound = bound.ok_or_else(|| format!("there is no function {logical_id}"))?;
        let Bound {
            name,
            handler,
            timeout,
        } = bound;
        let handler = Made::clone(handler)?;
        // A task of its own: a panic ends the invocation, not the stack.
        let span = tracing::info_span!("invocation", function = name);
        let run = async move { handler.invoke(event).await };
        let run = journal::within(journal::current(), run).instrument(span);
        let (run, started) = (tokio::spawn(run), Instant::now());
        let answer = match tokio::time::timeout(*timeout, run).await {
            Ok(Ok(answer)) => answer.map_err(|error| error.to_string()),
            Ok(Err(_)) => Err("the function panicked".into()),
            Err(_) => Err(format!(
                "Task timed out after {} seconds",
                timeout.as_secs()
            )),
        };
        journal::invoked(name, started.elapsed(), &answer);
        answer
    }

    /// Invokes a function asynchronously, as rules and schedules do: twice more when it fails
    /// (or as its `EventInvokeConfig` says), then to its dead letters. The pauses between are a
    /// second long instead of minutes.
    pub fn invoke_async(&self, logical_id: &str, event: Value) {
        let file = self.0.directory.as_deref().map(|directory| {
            let directory = directory.join(UNDER_WAY);
            let file = directory.join(format!("{}.json", Uuid::now_v7()));
            let function = logical_id.to_owned();
            let event = event.clone();
            let written = serde_json::to_vec(&UnderWay { function, event })
                .map_err(std::io::Error::other)
                .and_then(|text| {
                    std::fs::create_dir_all(&directory)?;
                    replace(&file, text)
                });
            if let Err(error) = written {
                tracing::error!(%error, "an invocation will not outlive this process");
            }
            file
        });
        self.begin(logical_id, event, file);
    }

    /// Carries on with what earlier runs left: lists their dead letters, and goes on with what was under way, in
    /// the order in which it came.
    ///
    /// # Errors
    /// A sentence, when one of the folders cannot be read.
    pub fn resume(&self) -> Result<(), String> {
        let Some(directory) = &self.0.directory else {
            return Ok(());
        };
        let mut letters = Vec::new();
        for queue in files(&directory.join(DEAD_LETTERS))? {
            for file in files(&queue)? {
                let text = std::fs::read(&file).map_err(|error| unreadable(&file, &error))?;
                match serde_json::from_slice::<DeadLetter>(&text) {
                    Ok(letter) => letters.push(letter),
                    Err(error) => tracing::warn!("{} is no dead letter: {error}", file.display()),
                }
            }
        }
        letters.sort_by_key(|letter| letter.id);
        self.letters().splice(..0, letters);
        for file in files(&directory.join(UNDER_WAY))? {
            let text = std::fs::read(&file).map_err(|error| unreadable(&file, &error))?;
            match serde_json::from_slice::<UnderWay>(&text) {
                Ok(kept) => self.begin(&kept.function, kept.event, Some(file)),
                // It was never taken: the process was killed while it wrote.
                Err(_) => remove(&file),
            }
        }
        Ok(())
    }

    fn begin(&self, logical_id: &str, event: Value, file: Option<PathBuf>) {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        let lambda = self.clone();
        let logical_id = logical_id.to_owned();
        let cause = journal::current();
        tokio::spawn(async move {
            journal::within(cause, lambda.with_retries(&logical_id, event)).await;
            if let Some(file) = file {
                remove(&file);
            }
            if lambda.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
                lambda.0.idle.notify_waiters();
            }
        });
    }

    async fn with_retries(&self, logical_id: &str, event: Value) {
        let Some(function) = self.function(logical_id) else {
            return;
        };
        let attempts = function.async_invoke.retry.attempts;
        for attempt in 0..=attempts {
            let name = &function.name;
            let entry = journal::begin(kind(&event), || name.clone());
            let invoked = self.invoke(logical_id, event.clone());
            let error = match journal::within(entry, invoked).await {
                Ok(answer) => {
                    let summary = summary(&answer);
                    if !summary.is_empty() {
                        tracing::info!("{name}: {summary}");
                    }
                    return;
                }
                Err(error) => error,
            };
            tracing::warn!(
                "{name} failed, attempt {} of {}: {error}",
                attempt + 1,
                attempts + 1
            );
            if attempt < attempts {
                tokio::time::sleep(Duration::from_secs(1)).await;
            } else if let Some(queue) = &function.async_invoke.dead_letters {
                self.give_up(queue, logical_id, &error, event.clone());
            }
        }
    }

    /// Puts an event among the dead letters of a queue (its ARN), where `.enishi/dead-letters/`
    /// shows it.
    pub fn give_up(&self, queue: &str, logical_id: &str, error: &str, event: Value) {
        let letter = DeadLetter {
            id: Uuid::now_v7(),
            queue: queue.rsplit(':').next().unwrap_or(queue).to_owned(),
            function: self
                .function(logical_id)
                .map_or_else(|| logical_id.to_owned(), |function| function.name.clone()),
            error: error.to_owned(),
            time: (self.0.clock)(),
            event,
        };
        tracing::error!(
            "a dead letter of {} in {}: {error}",
            letter.function,
            letter.queue
        );
        journal::note(Kind::DeadLetter, || {
            (
                format!("{} in {}", letter.function, letter.queue),
                json!({"letter": letter.id, "error": error}),
            )
        });
        if let Some(file) = self.letter_file(&letter) {
            let text = serde_json::to_string_pretty(&json!(letter)).unwrap_or_default();
            let directory = file.parent().unwrap_or(&file);
            if let Err(error) =
                std::fs::create_dir_all(directory).and_then(|()| replace(&file, &text))
            {
                tracing::error!(%error, "a dead letter could not be written to its file");
            }
        }
        self.letters().push(letter);
    }

    fn letter_file(&self, letter: &DeadLetter) -> Option<PathBuf> {
        let directory = self.0.directory.as_ref()?.join(DEAD_LETTERS);
        let name = format!("{}-{}.json", letter.time, letter.id);
        Some(directory.join(&letter.queue).join(name))
    }

    /// Takes a dead letter out of its queue and hands its event to its function once more, as a redrive of the
    /// queue does.
    ///
    /// # Errors
    /// A sentence: there is no such letter, or its function is no more.
    pub fn redrive(&self, id: Uuid) -> Result<(), String> {
        let (function, letter) = {
            let mut letters = self.letters();
            let at = letters.iter().position(|letter| letter.id == id);
            let at = at.ok_or("there is no such dead letter")?;
            let name = &letters[at].function;
            let function = self.find(name);
            let function = function.ok_or_else(|| format!("there is no function {name}"))?;
            (function, letters.remove(at))
        };
        // On disk before its file goes: who dies between has it twice rather than not at all.
        self.invoke_async(&function.logical_id, letter.event.clone());
        if let Some(file) = self.letter_file(&letter) {
            remove(&file);
        }
        Ok(())
    }

    fn letters(&self) -> MutexGuard<'_, Vec<DeadLetter>> {
        let letters = self.0.dead_letters.lock();
        letters.unwrap_or_else(PoisonError::into_inner)
    }

    /// The dead letters, those of earlier runs first, each run's in the order in which they were given up.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.letters().clone()
    }

    /// Waits until no asynchronous invocation is under way; answers whether one was.
    pub async fn idle(&self) -> bool {
        let mut waited = false;
        loop {
            let idle = self.0.idle.notified();
            if self.0.under_way.load(Ordering::SeqCst) == 0 {
                return waited;
            }
            waited = true;
            idle.await;
        }
    }
}

/// What an asynchronous invocation is: EventBridge's events have a type, a schedule's input has none.
fn kind(event: &Value) -> Kind {
    match (event.get("detail-type"), event.get("Records")) {
        (Some(_), _) => Kind::Event,
        (_, Some(_)) => Kind::Stream,
        _ => Kind::Schedule,
    }
}
