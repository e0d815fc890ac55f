//! Metrics, in CloudWatch's embedded metric format: a log line that becomes a metric by itself,
//! without a request and without a permission. `template.yaml` has the alarms on them.
//!
//! What a function logs as an error is one of them, `<Service>Failures`: so is an invocation that
//! fails or panics, which the runtime logs. One that Lambda itself cuts off logs nothing; it is seen
//! where its caller waits, in the API's 5xx or among the dead letters.

use serde_json::{Value, json};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Counts `count` of the metric `name`. Zero is worth a line too: an alarm tells "none" from
/// "nothing ran".
///
/// `STACK_NAME` is the namespace: stacks in one account count for themselves.
#[allow(clippy::print_stdout)]
pub fn count(name: &str, count: u32) {
    // Lambda takes what is printed as the log. Elsewhere nobody would read it.
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
        && let Ok(namespace) = std::env::var("STACK_NAME")
    {
        println!("{}", line(&namespace, name, count));
    }
}

fn line(namespace: &str, name: &str, count: u32) -> Value {
    json!({
        "_aws": {
            "Timestamp": jiff::Timestamp::now().as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": [[]],
                "Metrics": [{"Name": name, "Unit": "Count"}],
            }],
        },
        name: count,
    })
}

/// Counts what is logged as an error.
pub struct Failures(Box<dyn Fn() + Send + Sync>);

impl Failures {
    /// Those of a function.
    pub fn of(function: &str) -> Self {
        let name = failures(function);
        Self(Box::new(move || count(&name, 1)))
    }
}

/// The metric of a function's service that its alarm reads: `ShopFailures` of `shop-order`.
pub fn failures(function: &str) -> String {
    let (service, _) = function.split_once('-').unwrap_or((function, ""));
    let (initial, rest) = service.split_at_checked(1).unwrap_or_default();
    format!("{}{rest}Failures", initial.to_uppercase())
}

impl<S: Subscriber> Layer<S> for Failures {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            (self.0)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::Error;

    #[test]
    fn a_line_is_a_metric_of_the_stack() {
        let line = line("staging", "Reports", 2);
        let metric = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metric["Namespace"], "staging");
        assert_eq!(metric["Metrics"][0]["Name"], "Reports");
        assert_eq!(line["Reports"], 2);
        assert!(line["_aws"]["Timestamp"].is_i64());
    }

    #[test]
    fn an_error_that_is_logged_is_a_failure_of_its_service_and_a_warning_is_none() {
        assert_eq!(failures("shop-send-order-frame"), "ShopFailures");
        let counted = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&counted);
        let count = move || {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let subscriber = tracing_subscriber::registry().with(Failures(Box::new(count)));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!("late");
            let _ = Error::internal("broken");
            let _ = Error::conflict("not so");
        });
        assert_eq!(counted.load(Ordering::Relaxed), 1);
    }
}
