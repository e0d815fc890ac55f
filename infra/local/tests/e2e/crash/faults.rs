//! Faults at a function's HTTP connector, so that the retries of the SDKs and of the calls to Stripe and
//! Google take part: one at the n-th call of a function, or one at each thing that each function calls.

use std::{
    collections::{BTreeMap, HashSet},
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
use enishi_local::stack::{Connections, plain_http};

/// What happens to a call.
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
    /// The process dies before it, and makes no call after.
    GoneBefore,
    /// The process dies after it was carried out.
    GoneAfter,
    /// Another transaction holds an item; for transactions only.
    Conflict,
}

/// What can happen to any call.
pub const FAULTS: [Fault; 6] = [
    Fault::Before,
    Fault::AfterCommit,
    Fault::Unavailable,
    Fault::Throttled,
    Fault::GoneBefore,
    Fault::GoneAfter,
];

/// What can happen to any call while somebody else makes the same one. To them a service that says no is
/// nothing but a call that never arrived, and what is made of the two answers is seen alone.
pub const FAULTS_OF_TWO: [Fault; 4] = [
    Fault::Before,
    Fault::AfterCommit,
    Fault::GoneBefore,
    Fault::GoneAfter,
];

/// A stream's reader invokes these again at once, in a process of their own.
const OF_A_STREAM: [&str; 4] = [
    "MarketIndex",
    "PlatformRelay",
    "SajuDeliver",
    "VisitsDeliver",
];

/// A function's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// All of them, each attempt by itself. Of a row of like reads, the partitions of a slot for
    /// instance, the first two stand for all.
    pub all: usize,
    /// Those of them that are transactions.
    pub transactions: usize,
}

/// The connections of all functions, with one function watched.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Option<Watch>>>);

/// Whatever a function calls fails when it first does, operation by operation and place by place, each in
/// one of four ways.
#[derive(Clone, Default)]
pub struct EachOnce {
    calls: Arc<Mutex<HashSet<String>>>,
    /// Which way the first one fails.
    first: usize,
}

impl EachOnce {
    /// The first call fails in this way, the others in turn.
    pub fn beginning_with(first: usize) -> Self {
        Self {
            calls: Arc::default(),
            first,
        }
    }

    /// The functions' connections.
    pub fn connections(&self) -> Connections {
        connections(Plan::EachOnce(self.clone()))
    }

    /// How many calls have failed.
    pub fn failed(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn fate(&self, function: &str, request: &HttpRequest) -> Option<Fault> {
        const FATES: [Fault; 4] = [
            Fault::Before,
            Fault::AfterCommit,
            Fault::Unavailable,
            Fault::Throttled,
        ];
        let headers = request.headers();
        let target = headers.get("x-amz-target").unwrap_or_default();
        let agent = headers.get("user-agent").unwrap_or_default();
        // S3 throttles by a 503. All objects of a folder are one.
        let (fates, place) = match agent.contains("api/s3/") {
            true => (FATES.len() - 1, request.uri().rsplit_once('/')),
            false => (FATES.len(), None),
        };
        let place = place.map_or(request.uri(), |(folder, _)| folder);
        let mut calls = self.calls.lock().unwrap();
        let nth = calls.len() + self.first;
        let call = format!("{function} {} {place} {target}", request.method());
        calls.insert(call).then(|| FATES[nth % fates])
    }
}

/// What befalls the calls.
#[derive(Clone)]
enum Plan {
    One(Faults),
    EachOnce(EachOnce),
}

impl Plan {
    fn fate(&self, function: &str, request: &HttpRequest) -> Option<Fault> {
        match self {
            Self::One(faults) => faults.fate(function, request),
            Self::EachOnce(calls) => calls.fate(function, request),
        }
    }
}

fn connections(plan: Plan) -> Connections {
    let plain = plain_http();
    Box::new(move |function| {
        SharedHttpClient::new(Client {
            plan: plan.clone(),
            function: function.to_owned(),
            inner: plain(function),
        })
    })
}

struct Watch {
    function: &'static str,
    /// A fault, and which call it befalls, counted from 0; of the transactions for a conflict.
    planned: Option<(Fault, usize)>,
    calls: Calls,
    /// How many there were of each kind of read.
    reads: BTreeMap<String, usize>,
    met: bool,
    gone: bool,
}

impl Faults {
    /// The functions' connections.
    pub fn connections(&self) -> Connections {
        connections(Plan::One(self.clone()))
    }

    /// Counts a function's calls from now on, with a fault at one of them.
    pub fn watch(&self, function: &'static str, planned: Option<(Fault, usize)>) {
        *self.0.lock().unwrap() = Some(Watch {
            function,
            planned,
            calls: Calls::default(),
            reads: BTreeMap::new(),
            met: false,
            gone: false,
        });
    }

    /// Ends it. Answers the calls, and whether the fault befell one.
    pub fn end(&self) -> (Calls, bool) {
        let watch = self.0.lock().unwrap().take().unwrap();
        (watch.calls, watch.met)
    }

    /// What befalls this call of a function.
    fn fate(&self, function: &str, request: &HttpRequest) -> Option<Fault> {
        let mut watch = self.0.lock().unwrap();
        let watch = watch.as_mut().filter(|watch| watch.function == function)?;
        if watch.gone {
            return Some(Fault::GoneBefore);
        }
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let read = if ["GetItem", "Query"].iter().any(|it| target.ends_with(it)) {
            Some(target)
        } else if request.method() == "GET" {
            // All of one kind of object.
            request.uri().rsplit_once('/').map(|(kind, _)| kind)
        } else {
            None
        };
        if let Some(read) = read {
            let reads = watch.reads.entry(read.to_owned()).or_default();
            *reads += 1;
            if *reads > 2 {
                return None;
            }
        }
        let transaction = target.ends_with("TransactWriteItems");
        let before = watch.calls;
        watch.calls.all += 1;
        watch.calls.transactions += usize::from(transaction);
        let (fault, nth) = watch.planned?;
        let befalls = match fault {
            Fault::Conflict => transaction && before.transactions == nth,
            _ => before.all == nth,
        };
        if !befalls {
            return None;
        }
        watch.met = true;
        watch.gone = matches!(fault, Fault::GoneBefore | Fault::GoneAfter)
            && !OF_A_STREAM.contains(&function);
        Some(fault)
    }
}

/// The connections of one function.
struct Client {
    plan: Plan,
    function: String,
    inner: SharedHttpClient,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client")
    }
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            plan: self.plan.clone(),
            function: self.function.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

struct Connector {
    plan: Plan,
    function: String,
    inner: SharedHttpConnector,
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(fate) = self.plan.fate(&self.function, &request) else {
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
                Fault::Conflict => conflict(),
            }
        })
    }
}

/// The answer to a transaction while another one holds an item of it.
pub fn conflict() -> Result<HttpResponse, ConnectorError> {
    answer(
        400,
        "TransactionCanceledException",
        r#","CancellationReasons":[{"Code":"TransactionConflict"}]"#,
    )
}

fn answer(status: u16, kind: &'static str, more: &str) -> Result<HttpResponse, ConnectorError> {
    let body = format!(r#"{{"__type":"{kind}","message":"planned"{more}}}"#);
    let status = StatusCode::try_from(status).unwrap();
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("x-amzn-errortype", kind);
    Ok(response)
}
