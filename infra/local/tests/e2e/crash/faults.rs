//! Faults at the SDKs' HTTP connector, so that the SDKs' own retries take part: one at the n-th
//! request of a function.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpClient, SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use enishi_shared::app::http_client;

/// The functions that call Stripe. A request to Stripe does not say which function sent it: while one
/// of these has a fault planned, no other may call.
const CALL_STRIPE: [&str; 2] = ["PaymentsLedger", "PaymentsSweep"];

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    Before,
    /// It is carried out, its answer is lost.
    AfterCommit,
    /// The service answers 503 without carrying it out.
    Unavailable,
    /// The service throttles.
    Throttled,
    /// Another transaction holds an item; for transactions only.
    Conflict,
    /// The process dies before it, and makes no request after.
    GoneBefore,
    /// The process dies after it was carried out.
    GoneAfter,
}

/// Every fault there is.
pub const FAULTS: [Fault; 7] = [
    Fault::Before,
    Fault::AfterCommit,
    Fault::Unavailable,
    Fault::Throttled,
    Fault::Conflict,
    Fault::GoneBefore,
    Fault::GoneAfter,
];

/// A stream's reader invokes these again at once, in a process of their own.
const OF_A_STREAM: [&str; 2] = ["PlatformRelay", "SajuDeliver"];

/// The connections of all functions, with at most one fault planned.
#[derive(Clone, Debug)]
pub struct Faults {
    inner: SharedHttpClient,
    plan: Arc<Mutex<Option<Plan>>>,
}

#[derive(Debug)]
struct Plan {
    /// The function's logical id, which is its access key.
    function: &'static str,
    /// Which of its requests that the fault is for, from 0; a service's own retries count too.
    nth: usize,
    fault: Fault,
    seen: usize,
    /// How many there were of each kind of read.
    reads: BTreeMap<String, usize>,
    hit: bool,
    gone: bool,
}

impl Faults {
    pub fn new() -> Self {
        Self {
            inner: http_client(),
            plan: Arc::default(),
        }
    }

    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Plans a fault at the n-th request of a function from now on.
    pub fn plan(&self, function: &'static str, nth: usize, fault: Fault) {
        *self.plan.lock().unwrap() = Some(Plan {
            function,
            nth,
            fault,
            seen: 0,
            reads: BTreeMap::new(),
            hit: false,
            gone: false,
        });
    }

    /// Ends it. Answers whether it came to it, and how many requests there were.
    pub fn end(&self) -> (bool, usize) {
        let plan = self.plan.lock().unwrap().take().unwrap();
        (plan.hit, plan.seen)
    }

    /// What is planned for this request.
    fn fate(&self, request: &HttpRequest) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        let plan = plan.as_mut()?;
        let key = request.headers().get("authorization")?;
        let to_stripe = key.starts_with("Bearer sk_");
        let is_its = match key.split_once("Credential=") {
            Some((_, credential)) => credential.split('/').next() == Some(plan.function),
            None => to_stripe && CALL_STRIPE.contains(&plan.function),
        };
        if !is_its {
            return None;
        }
        if plan.gone {
            return Some(Fault::GoneBefore);
        }
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        if plan.fault == Fault::Conflict && !target.ends_with("TransactWriteItems") {
            return None;
        }
        // Of a row of like reads, the partitions of a slot for instance, the first two stand for
        // all.
        let read = if ["GetItem", "Query"].iter().any(|it| target.ends_with(it)) {
            Some(target)
        } else if to_stripe && request.method() == "GET" {
            // All of one kind of object.
            request.uri().rsplit_once('/').map(|(kind, _)| kind)
        } else {
            None
        };
        if let Some(read) = read {
            let reads = plan.reads.entry(read.to_owned()).or_default();
            *reads += 1;
            if *reads > 2 {
                return None;
            }
        }
        let number = plan.seen;
        plan.seen += 1;
        if number != plan.nth {
            return None;
        }
        plan.hit = true;
        plan.gone = matches!(plan.fault, Fault::GoneBefore | Fault::GoneAfter)
            && !OF_A_STREAM.contains(&plan.function);
        Some(plan.fault)
    }
}

impl HttpClient for Faults {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            faults: self.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

struct Connector {
    faults: Faults,
    inner: SharedHttpConnector,
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(fate) = self.faults.fate(&request) else {
            return self.inner.call(request);
        };
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            match fate {
                Fault::Before => Err(ConnectorError::io("never arrived".into())),
                // Not for the SDK to try again: there is no process left that could.
                Fault::GoneBefore => Err(ConnectorError::user("gone".into())),
                Fault::AfterCommit => {
                    inner.call(request).await?;
                    Err(ConnectorError::timeout("the answer is lost".into()))
                }
                Fault::GoneAfter => {
                    inner.call(request).await?;
                    Err(ConnectorError::user("gone".into()))
                }
                Fault::Unavailable => answer(503, "ServiceUnavailableException", ""),
                Fault::Throttled => answer(429, "ThrottlingException", ""),
                Fault::Conflict => answer(
                    400,
                    "TransactionCanceledException",
                    r#","CancellationReasons":[{"Code":"TransactionConflict"}]"#,
                ),
            }
        })
    }
}

fn answer(status: u16, kind: &'static str, more: &str) -> Result<HttpResponse, ConnectorError> {
    let body = format!(r#"{{"__type":"{kind}","message":"planned"{more}}}"#);
    let status = StatusCode::try_from(status).unwrap();
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("x-amzn-errortype", kind);
    Ok(response)
}
