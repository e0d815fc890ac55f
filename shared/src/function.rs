//! A function: its name, and what it does with an event. The same value is what its binary runs
//! in Lambda and what the local stack calls.

use std::time::Duration;

use futures_util::{FutureExt as _, future::BoxFuture};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};
use utoipa_axum::router::OpenApiRouter;

mod log;

use crate::{
    app::App,
    http::{self, HttpService},
    metric::Failures,
};

/// A boxed failure of an event function: Lambda reports it and retries.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// What an event function does with one event.
pub type EventFuture = BoxFuture<'static, Result<Value, BoxError>>;
type WarmUp = fn(App) -> BoxFuture<'static, ()>;

/// What the names of our own crates begin with.
const OUR_CRATES: &str = "enishi";
/// What the start may spend on connecting; then the first event connects.
const WARM_UP: Duration = Duration::from_secs(1);

/// One Lambda function.
#[derive(Clone, Copy)]
pub struct Function {
    /// The name of its binary, `<service>-<use-case>`.
    pub name: &'static str,
    /// The most requests to DynamoDB that a call takes; see [`Function::budget`].
    pub budget: usize,
    kind: Kind,
    warm_up: Option<WarmUp>,
    error_field: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Http(fn() -> OpenApiRouter<App>),
    Event(fn(App, Value) -> EventFuture),
}

/// A function with its App, ready to be called any number of times.
#[derive(Clone)]
pub enum Handler {
    /// Takes API Gateway's payload-2.0 events.
    Http(HttpService),
    /// Takes what its schedule, rule or stream sends.
    Event(App, fn(App, Value) -> EventFuture),
}

impl Function {
    /// A function behind API Gateway; `endpoints` are its documented handlers.
    pub const fn http(name: &'static str, endpoints: fn() -> OpenApiRouter<App>) -> Self {
        Self::new(name, Kind::Http(endpoints))
    }

    /// A function that a schedule, a rule or a stream invokes.
    pub const fn event(name: &'static str, handle: fn(App, Value) -> EventFuture) -> Self {
        Self::new(name, Kind::Event(handle))
    }

    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            budget: 0,
            kind,
            warm_up: None,
            error_field: false,
        }
    }

    /// The most requests to DynamoDB that one call takes, or that each item adds where a call works
    /// through many; the doc of the `FUNCTION` says what takes fewer, and what comes beside the items.
    /// Requests sent again, after a lost answer or a lost race, are beside it. A function without a
    /// budget asks DynamoDB for nothing: it neither links its SDK nor connects to it.
    pub const fn budget(self, requests: usize) -> Self {
        let warm_up: Option<WarmUp> = Some(|app| async move { app.warm_up().await }.boxed());
        Self {
            budget: requests,
            warm_up,
            ..self
        }
    }

    /// A function whose error bodies say `error` beside `message`, for clients that read it there.
    pub const fn with_error_field(self) -> Self {
        Self {
            error_field: true,
            ..self
        }
    }

    /// The function's part of the OpenAPI document; event functions have none.
    pub fn openapi(&self) -> Option<utoipa::openapi::OpenApi> {
        match self.kind {
            Kind::Http(endpoints) => Some(endpoints().into_openapi()),
            Kind::Event(_) => None,
        }
    }

    /// Binds the function to its world.
    pub fn handler(&self, app: App) -> Handler {
        match self.kind {
            Kind::Http(endpoints) => {
                Handler::Http(http::service(app, endpoints(), self.error_field))
            }
            Kind::Event(handle) => Handler::Event(app, handle),
        }
    }
}

impl Handler {
    /// Invokes the function with a JSON event, as Lambda would.
    pub async fn invoke(&self, event: Value) -> Result<Value, BoxError> {
        match self {
            Self::Http(service) => http::invoke(service.clone(), event).await,
            Self::Event(app, handle) => handle(app.clone(), event).await,
        }
    }
}

/// Runs a typed event handler on a JSON event: `Function::event("…", |app, event| on(app, event, f))`.
pub fn on<E, R, F, Fut>(app: App, event: Value, handle: F) -> EventFuture
where
    E: DeserializeOwned + Send + 'static,
    R: Serialize,
    F: FnOnce(App, E) -> Fut + Send + 'static,
    Fut: Future<Output = Result<R, crate::Error>> + Send + 'static,
{
    Box::pin(async move {
        let event = serde_json::from_value(event).map_err(|_| "the event has an unknown form")?;
        Ok(serde_json::to_value(handle(app, event).await?)?)
    })
}

/// The same without what could show a body: below INFO the runtime and the SDKs log whole events,
/// requests and answers, our own crates never do.
fn without_bodies(filter: Targets) -> Targets {
    let capped = |(target, level): (String, LevelFilter)| match target.starts_with(OUR_CRATES) {
        true => (target, level),
        false => (target, level.min(LevelFilter::INFO)),
    };
    let default = filter.default_level().unwrap_or(LevelFilter::OFF);
    Targets::new()
        .with_default(default.min(LevelFilter::INFO))
        .with_target(OUR_CRATES, default)
        .with_targets(filter.into_iter().map(capped))
}

/// What is logged: as `RUST_LOG` says (`info`, or `warn,enishi_identity=debug`), else `default`.
pub fn log_filter(default: LevelFilter) -> Targets {
    std::env::var("RUST_LOG")
        .ok()
        .and_then(|filter| filter.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(default))
}

/// The whole of a binary: logs as JSON, the App from the environment, a connection to DynamoDB,
/// then event after event.
///
/// # Errors
/// A configuration that keeps the function from starting, or the runtime's own failure.
pub fn run(function: &Function) -> Result<(), BoxError> {
    log::lines(std::io::stdout)
        .with(without_bodies(log_filter(LevelFilter::INFO)))
        .with(Failures::of(function.name))
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let app = App::from_process()?;
    let handler = function.handler(app.clone());
    runtime.block_on(async {
        // Starting, a function has a whole processor; while it serves, its memory's share of one.
        if let Some(warm_up) = function.warm_up {
            let _ = tokio::time::timeout(WARM_UP, warm_up(app)).await;
        }
        match handler {
            Handler::Http(service) => lambda_http::run(service).await,
            Handler::Event(app, handle) => {
                lambda_runtime::run(lambda_runtime::service_fn(
                    move |event: lambda_runtime::LambdaEvent<Value>| {
                        handle(app.clone(), event.payload)
                    },
                ))
                .await
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::ParseError;

    use super::*;

    #[test]
    fn no_log_level_shows_a_body() -> Result<(), ParseError> {
        for (filter, ours) in [
            ("trace", LevelFilter::TRACE),
            ("debug", LevelFilter::DEBUG),
            (
                "info,lambda_runtime=trace,lambda_http=debug",
                LevelFilter::INFO,
            ),
            (
                "warn,aws_smithy_runtime::client=debug,enishi=debug",
                LevelFilter::DEBUG,
            ),
            ("enishi_identity=trace,hyper=trace", LevelFilter::OFF),
            ("off", LevelFilter::OFF),
        ] {
            let asked: Targets = filter.parse()?;
            let shown = without_bodies(asked.clone());
            for target in [
                "lambda_runtime",
                "lambda_http",
                "aws_smithy_runtime::client::orchestrator",
                "hyper",
                "anything",
            ] {
                for level in [tracing::Level::DEBUG, tracing::Level::TRACE] {
                    assert!(!shown.would_enable(target, &level), "{filter}: {target}");
                }
                let info = tracing::Level::INFO;
                assert_eq!(
                    shown.would_enable(target, &info),
                    asked.would_enable(target, &info),
                    "{filter}: {target}"
                );
            }
            for level in [
                tracing::Level::INFO,
                tracing::Level::DEBUG,
                tracing::Level::TRACE,
            ] {
                assert_eq!(
                    shown.would_enable("enishi_shared", &level),
                    level <= ours,
                    "{filter}"
                );
            }
        }
        Ok(())
    }
}
