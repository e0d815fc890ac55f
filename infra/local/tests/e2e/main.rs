//! The end-to-end tests: the handlers over HTTP through the local gateway, the AWS SDKs over the
//! wire to the embedded servers. One binary, because linking costs more than running.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod actors;
mod budgets;
mod consistency;
mod console;
mod conversations;
mod crash;
mod firebase;
mod guides;
mod identity;
mod live;
mod mail;
mod market;
mod node;
mod orgs;
mod payments;
mod policies;
mod reserve;
mod rooms;
mod running;
mod saju;
mod support;
mod tokens;
mod visits;
mod web;
