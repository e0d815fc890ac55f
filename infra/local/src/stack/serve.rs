//! The two servers of a stack: the API, and the address of the AWS stand-ins.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    serve::ListenerExt as _,
};
use bytes::Bytes;
use http::{StatusCode, header, uri::Authority};
use http_body_util::{BodyExt as _, Limited};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use super::{Stack, environment, web_files};
use crate::{
    admin, console,
    gateway::Gateway,
    journal::{self, Cause, Kind},
    stripe, web,
};

/// API Gateway itself refuses what is larger.
const LARGEST_BODY: usize = 10 * 1024 * 1024 + 1;

/// A port of this machine alone, taken.
pub struct Loopback {
    /// Where it is.
    pub address: SocketAddr,
    /// At 127.0.0.1.
    pub v4: TcpListener,
    /// The same port at ::1, which `localhost` may mean too; none where the machine has no IPv6.
    v6: Option<TcpListener>,
}

/// Takes a port; 0 takes any. `option` chooses another one.
///
/// # Errors
/// A sentence that says what is in the way.
pub async fn listen(port: u16, option: &str) -> Result<Loopback, String> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} is taken: another stack may be running; stop it or choose another port with \
             {option}"
        ),
        _ => format!("port {port} cannot be listened on: {error}"),
    };
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(failed)?;
    let address = v4.local_addr().map_err(failed)?;
    let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await {
        // Whoever has it would answer for us.
        Err(error) if port != 0 && error.kind() == io::ErrorKind::AddrInUse => {
            return Err(failed(error));
        }
        v6 => v6.ok(),
    };
    Ok(Loopback { address, v4, v6 })
}

/// Serves the API until the stack stops.
pub fn api(at: Loopback, gateway: Arc<Gateway>, stack: Stack) {
    let serving = stack.clone();
    let handle = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| {
        let (gateway, stack) = (Arc::clone(&gateway), stack.clone());
        async move {
            if stack.websocket().takes(&request) {
                return stack.websocket().serve(request, peer.ip()).await;
            }
            let (parts, body) = request.into_parts();
            let body = match Limited::new(body, LARGEST_BODY).collect().await {
                Ok(body) => body.to_bytes(),
                // The gateway answers for its own limit.
                Err(_) => Bytes::from(vec![0; LARGEST_BODY]),
            };
            let mut request = http::Request::from_parts(parts, body);
            let entry = entry(&stack, &mut request);
            let started = Instant::now();
            let invoke = |function: String, event: Value| async move {
                if let Some(entry) = journal::current() {
                    entry.name(
                        event["requestContext"]["requestId"]
                            .as_str()
                            .unwrap_or_default(),
                    );
                }
                stack.lambda().invoke(&function, event).await
            };
            let served = gateway.serve(request, peer.ip(), invoke);
            let response = journal::within(entry.clone(), served).await;
            if let Some(entry) = entry {
                entry.change(|entry| entry.detail["answer"] = journal::body(response.body()));
                entry.answered(response.status().as_u16(), started.elapsed());
            }
            let response: Response = response.map(Body::from);
            response
        }
    };
    serve(at, Router::new().fallback(handle), &serving);
}

/// A request's entry, an effect of what its header names.
fn entry(stack: &Stack, request: &mut http::Request<Bytes>) -> Option<Cause> {
    let journal = stack.journal()?;
    let told = journal::told(request.headers_mut());
    let cause = journal.cause(told).id();
    let title = format!("{} {}", request.method(), request.uri().path());
    let entry = journal.begin(Kind::Request, title, cause.into_iter().collect());
    entry.change(|entry| {
        entry.detail =
            json!({"query": request.uri().query(), "body": journal::body(request.body())});
    });
    Some(entry)
}

/// A WebSocket event's entry.
pub fn socket(event: &Value) -> Option<Cause> {
    let context = &event["requestContext"];
    let text = |name: &str| context[name].as_str().unwrap_or_default();
    let entry = journal::begin(Kind::Socket, || {
        format!("{} {}", text("routeKey"), text("connectionId"))
    })?;
    entry.name(text("requestId"));
    let body = event["body"].as_str().unwrap_or_default();
    entry.change(|entry| entry.detail = json!({"body": journal::body(body.as_bytes())}));
    Some(entry)
}

/// Serves the console until the stack stops.
pub fn console(at: Loopback, stack: Stack) {
    let serving = stack.clone();
    serve(at, console::router(stack), &serving);
}

/// Serves the AWS stand-ins, Firebase, Stripe and the developer's own endpoints until the stack stops.
pub fn aws(at: Loopback, stack: Stack) {
    let serving = stack.clone();
    let aws = stack.0.calls.clone();
    let firebase = stack.firebase().router();
    let stripe = stripe::page::router(stack.stripe().clone());
    let router = admin::router(stack).merge(firebase).merge(stripe);
    let router = router.fallback(move |request: Request| {
        let aws = aws.clone();
        async move { aws.handle(request).await }
    });
    let router = match serving.journal().cloned() {
        Some(journal) => router.layer(from_fn(move |request, next| {
            journal::around(journal.clone(), request, next)
        })),
        None => router,
    };
    serve(at, router.layer(from_fn(to_this_machine)), &serving);
}

/// Serves the front end until the stack stops.
///
/// # Errors
/// A sentence that says what is wrong with its headers.
pub fn web(at: Loopback, stack: &Stack) -> Result<(), String> {
    let system = stack.system();
    let addresses = web::Addresses {
        api: stack.url(),
        live: stack.url().replacen("http", "ws", 1),
        aws: stack.aws_url(),
        firebase_project: environment::firebase_project(system).to_owned(),
    };
    let router = web::router(web_files(), &addresses, &system.web_headers)?;
    serve(at, router.layer(from_fn(to_this_machine)), stack);
    Ok(())
}

/// Lets through what is sent to this machine by its own name. A page whose host name was made to lead
/// here (DNS rebinding) may read what is answered, but says its host's name.
async fn to_this_machine(request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST);
    let named = named.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let named = named.or_else(|| request.uri().authority().cloned());
    let host = named.as_ref().map_or("", Authority::host);
    if !["127.0.0.1", "localhost", "[::1]"].contains(&host) {
        let sentence = "this port answers to 127.0.0.1 and localhost only\n";
        return (StatusCode::FORBIDDEN, sentence).into_response();
    }
    next.run(request).await
}

fn serve(at: Loopback, router: Router, stack: &Stack) {
    for listener in [Some(at.v4), at.v6].into_iter().flatten() {
        // A WebSocket's small frames must not wait for one another.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let service = router.clone();
        let service = service.into_make_service_with_connect_info::<SocketAddr>();
        let stopped = stack.stopped();
        tokio::spawn(async move {
            let server = axum::serve(listener, service).with_graceful_shutdown(stopped);
            if let Err(error) = server.await {
                tracing::error!(%error, "a server stopped");
            }
        });
    }
}

/// Ends when a stack stops.
pub async fn until(mut stopping: watch::Receiver<bool>) {
    // An error means that the stack itself is gone.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
