//! The two servers of a stack: the API, and the address of the AWS stand-ins.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response, serve::ListenerExt as _};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use super::Stack;
use crate::{admin, gateway::Gateway, stripe};

/// API Gateway itself refuses what is larger.
const LARGEST_BODY: usize = 10 * 1024 * 1024 + 1;

/// Serves the API until the stack stops.
pub fn api(listener: TcpListener, gateway: Arc<Gateway>, stack: Stack) {
    let stopped = stack.stopped();
    let handle = move |ConnectInfo(peer): ConnectInfo<SocketAddr>,
                       request: axum::extract::Request| {
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
            let request = http::Request::from_parts(parts, body);
            let invoke = |function: String, event: Value| async move {
                stack
                    .lambda()
                    .invoke(&function, event)
                    .await
                    .map_err(|error| {
                        tracing::error!(function, error, "a function failed");
                        error
                    })
            };
            let response: Response = gateway
                .serve(request, peer.ip(), invoke)
                .await
                .map(Body::from);
            response
        }
    };
    let router = Router::new().fallback(handle);
    // A WebSocket's small frames must not wait for one another.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, service).with_graceful_shutdown(stopped);
        if let Err(error) = server.await {
            tracing::error!(%error, "the API stopped");
        }
    });
}

/// Serves the AWS stand-ins, Firebase, Stripe and the developer's own endpoints until the stack stops.
pub fn aws(listener: TcpListener, stack: Stack) {
    let stopped = stack.stopped();
    let aws = stack.0.calls.clone();
    let firebase = stack.firebase().router();
    let stripe = stripe::page::router(stack.stripe().clone());
    let router = admin::router(stack).merge(firebase).merge(stripe);
    let router = router.fallback(move |request: axum::extract::Request| {
        let aws = aws.clone();
        async move { aws.handle(request).await }
    });
    tokio::spawn(async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(stopped);
        if let Err(error) = server.await {
            tracing::error!(%error, "the AWS endpoint stopped");
        }
    });
}

/// Ends when a stack stops.
pub async fn until(mut stopping: watch::Receiver<bool>) {
    // An error means that the stack itself is gone.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
