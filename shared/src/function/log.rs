//! A function's log in the cloud: one JSON object a line, without the time, which CloudWatch adds.

use tracing::Subscriber;
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{MakeWriter, SubscriberBuilder},
    registry::LookupSpan,
};

/// Writes the lines. What surrounds an event, the invocation (`requestId`) and API Gateway's request
/// (`apigw-requestid`), stands in `spans`, each once.
pub(super) fn lines<W>(writer: W) -> impl Subscriber + for<'span> LookupSpan<'span> + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    SubscriberBuilder::default()
        .json()
        .flatten_event(true)
        // The innermost would stand in a place of its own as well.
        .with_current_span(false)
        .with_target(false)
        .without_time()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(writer)
        .finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use axum::routing::get;
    use lambda_runtime::{Context, layers::trace::request_span};
    use serde_json::Value;
    use tracing::Instrument as _;
    use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};
    use utoipa_axum::router::OpenApiRouter;

    use crate::{
        App, Error,
        app::{Clock, Env, Parts, Random, TimeLimits, http_client},
        function::Function,
    };

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn app() -> App {
        let env = [
            ("AWS_REGION", "ap-northeast-1"),
            ("AWS_ACCESS_KEY_ID", "Function"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        App::new(Parts {
            env: Env::from_iter(env),
            clock: Clock::system(),
            random: Random::from_seed(1),
            http: http_client(),
            limits: TimeLimits::default(),
            password_cost: crate::password::Cost::default(),
        })
        .unwrap()
    }

    #[tokio::test]
    async fn numbers_are_numbers_and_each_request_id_stands_there_once() {
        const FUNCTION: Function = Function::http("any", || {
            OpenApiRouter::new().route(
                "/.well-known/jwks.json",
                get(|| async { Error::internal("out of order") }),
            )
        });
        let event: Value =
            serde_json::from_str(include_str!("../../../events/identity-jwks.json")).unwrap();
        let apigw = event["requestContext"]["requestId"]
            .as_str()
            .unwrap()
            .to_owned();
        let written = Written::default();
        let writer = written.clone();
        let subscriber = super::lines(move || writer.clone());
        let subscriber = subscriber.with(Targets::new().with_default(tracing::Level::INFO));
        let guard = tracing::subscriber::set_default(subscriber);
        let mut invocation = Context::default();
        invocation.request_id = "of-the-invocation".into();
        let handled = FUNCTION.handler(app());
        let handled = handled.invoke(event).instrument(request_span(&invocation));
        handled.await.unwrap();
        drop(guard);

        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let [internal, request] = text.lines().collect::<Vec<_>>()[..] else {
            unreachable!("{text}");
        };
        for line in [internal, request] {
            assert_eq!(line.matches("of-the-invocation").count(), 1, "{line}");
            assert_eq!(line.matches(&apigw).count(), 1, "{line}");
            assert!(
                line.contains(&format!("\"apigw-requestid\":\"{apigw}\"")),
                "{line}"
            );
        }
        let request: Value = serde_json::from_str(request).unwrap();
        assert_eq!(request["status"], 500);
        assert!(request["milliseconds"].is_u64(), "{request}");
        let internal: Value = serde_json::from_str(internal).unwrap();
        assert_eq!(internal["cause"], "out of order");
        assert!(internal["line"].is_u64(), "{internal}");
    }
}
