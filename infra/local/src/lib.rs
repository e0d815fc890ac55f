//! The whole system on this machine: reads `template.yaml` and gives each resource an embedded
//! stand-in. `cargo run` starts it, the end-to-end tests and the demo start it too.
//!
//! | module | stands in for |
//! |---|---|
//! | [`template`] | CloudFormation: what there is |
//! | [`gateway`] | API Gateway's HTTP API |
//! | [`websocket`] | API Gateway's WebSocket API |
//! | [`lambda`] | Lambda |
//! | [`aws`] | the services' endpoints, and IAM |
//! | [`database`], [`streams`] | DynamoDB and its streams' event-source mappings |
//! | [`bus`], [`pattern`] | EventBridge |
//! | [`schedule`], [`cron`] | EventBridge Scheduler |
//! | [`chime`] | Chime SDK Meetings and Media Pipelines, and the browsers that connect to it |
//! | [`firebase`] | Firebase Auth |
//! | [`mailbox`] | Simple Email Service |
//! | [`s3`] | S3, and the CDN in front of a bucket |
//! | [`secrets`], [`keys`] | Secrets Manager |
//! | [`stripe`] | Stripe, and the pages its customers see |
//! | [`web`] | the front end, as S3 and CloudFront serve it |
//! | [`clock`] | the time |
//!
//! [`stack`] puts them together, [`directory`] is where it keeps everything, [`admin`] is how a developer reaches into a running stack,
//! [`journal`] is what happened in it, [`console`] shows it,
//! [`terminal`] tells what happens, [`openapi`] generates the document, [`places`] holds together what stands in several places,
//! [`new`] writes an endpoint, [`import`] brings people in, [`chat_client`] is a chat as an app keeps
//! it, [`client`] is what a front end does, [`demo`] plays three mornings,
//! [`seed`] fills a running stack with people.

pub mod admin;
pub mod asyncapi;
pub mod aws;
pub mod bus;
pub mod chat_client;
pub mod chime;
pub mod client;
pub mod clock;
pub mod console;
pub mod cron;
pub mod database;
pub mod demo;
pub mod directory;
pub mod firebase;
pub mod gateway;
pub mod import;
pub mod journal;
pub mod keys;
pub mod lambda;
pub mod mailbox;
pub mod new;
pub mod openapi;
pub mod pattern;
mod picture;
pub mod places;
pub mod s3;
pub mod schedule;
pub mod secrets;
pub mod seed;
pub mod stack;
pub mod streams;
pub mod stripe;
pub mod template;
pub mod terminal;
pub mod web;
pub mod websocket;

pub use stack::{Options, Stack};

/// Most of what a stack does is to take and give back small pieces of memory, on another thread than they
/// were taken on as often as not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
