//! Lambda's Runtime API, for one process at a time: hands out events and takes the answers.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{Response, StatusCode},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
};

use crate::world::sentence;

/// What the process did, and when.
enum Step {
    Polled(Instant),
    Answered(Instant, Result<Value, String>),
}

/// The API and what it has seen.
pub struct RuntimeApi {
    /// `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    events: UnboundedSender<String>,
    steps: UnboundedReceiver<Step>,
}

impl RuntimeApi {
    /// Serves until the process ends.
    pub async fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(sentence)?;
        let address = listener.local_addr().map_err(sentence)?.to_string();
        let (events, waiting) = unbounded_channel();
        let (sender, steps) = unbounded_channel();
        let waiting: Arc<Mutex<UnboundedReceiver<String>>> = Arc::new(Mutex::new(waiting));
        let next = {
            let sender = sender.clone();
            move || {
                let (sender, waiting) = (sender.clone(), Arc::clone(&waiting));
                async move {
                    let _ = sender.send(Step::Polled(Instant::now()));
                    let event = waiting.lock().await.recv().await;
                    invocation(event.unwrap_or_default())
                }
            }
        };
        let answered = {
            let sender = sender.clone();
            move |Path(_): Path<String>, body: Bytes| async move {
                let answer = serde_json::from_slice(&body).unwrap_or_default();
                let _ = sender.send(Step::Answered(Instant::now(), Ok(answer)));
                StatusCode::ACCEPTED
            }
        };
        let failed = move |body: Bytes| async move {
            let error = String::from_utf8_lossy(&body).into_owned();
            let _ = sender.send(Step::Answered(Instant::now(), Err(error)));
            StatusCode::ACCEPTED
        };
        let api = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(answered),
            )
            .route(
                "/2018-06-01/runtime/invocation/{id}/error",
                post(failed.clone()),
            )
            .route("/2018-06-01/runtime/init/error", post(failed));
        tokio::spawn(async move { axum::serve(listener, api).await });
        Ok(Self {
            address,
            events,
            steps,
        })
    }

    /// When the process asked for its next event.
    pub async fn polled(&mut self) -> Result<Instant, String> {
        match self.steps.recv().await {
            Some(Step::Polled(time)) => Ok(time),
            Some(Step::Answered(_, answer)) => {
                Err(format!("answered without an event: {answer:?}"))
            }
            None => Err("the Runtime API is gone".into()),
        }
    }

    /// Hands an event to the process, which has polled; the answer, and the milliseconds it took.
    pub async fn invoke(&mut self, event: String) -> Result<(Value, f64), String> {
        let begun = Instant::now();
        self.events.send(event).map_err(sentence)?;
        match self.steps.recv().await {
            Some(Step::Answered(time, answer)) => {
                Ok((answer?, time.duration_since(begun).as_secs_f64() * 1_000.0))
            }
            _ => Err("polled without an answer".into()),
        }
    }
}

fn invocation(event: String) -> Response<Body> {
    let mut response = Response::new(Body::from(event));
    let headers = response.headers_mut();
    for (name, value) in [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:ap-northeast-1:123456789012:function:bench",
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        ),
        ("content-type", "application/json"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}
