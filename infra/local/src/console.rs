//! The console: pages on a port of their own that show a running stack to its developer and let them
//! move it on.
//!
//! The pages are plain ES modules in `console/web`, with Preact and htm as npm has them; the program
//! serves them itself. What they ask for is below `/api`, beside the developer's own endpoints
//! ([`crate::admin`]).
//!
//! It listens on this machine alone, and a page of another origin gets nothing: a request names this
//! machine as its host ([`doors`]), comes from no other origin, and says the token, which the start screen
//! shows. The token is in the address's fragment, which no server and no other page is told.

use std::{net::SocketAddr, path::Path};

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, rand::fill};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, State},
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    admin,
    directory::replace,
    journal::{self, Id},
    stack::Stack,
};

mod assets;
mod doors;
mod flow;
mod live;
mod mail;
mod morning;
mod orders;
mod payments;
mod saju;
mod tables;
mod users;

pub(crate) use morning::mornings;

/// The console of a stack: where it is, and what opens it.
#[derive(Clone)]
pub struct Console {
    address: SocketAddr,
    token: String,
}

/// What could not be done, in a sentence.
type Answer<T> = Result<Json<T>, (StatusCode, String)>;

impl Console {
    /// The console at this address, with the token of the folder, which is made where there is none.
    ///
    /// # Errors
    /// A sentence that says what is in the way.
    pub fn open(address: SocketAddr, directory: Option<&Path>) -> Result<Self, String> {
        let file = directory.map(|directory| directory.join("console-token"));
        if let Some(token) = file
            .as_ref()
            .and_then(|file| std::fs::read_to_string(file).ok())
        {
            return Ok(Self { address, token });
        }
        let mut random = [0; 24];
        fill(&mut random).map_err(|_| "the operating system gives no randomness".to_owned())?;
        let token = BASE64_URL_SAFE_NO_PAD.encode(random);
        if let Some(file) = file {
            replace(&file, &token)
                .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        }
        Ok(Self { address, token })
    }

    /// Its address, with the token in it.
    pub fn url(&self) -> String {
        format!("http://localhost:{}/#{}", self.address.port(), self.token)
    }

    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    fn opens(&self, token: &str) -> bool {
        verify_slices_are_equal(self.token.as_bytes(), token.as_bytes()).is_ok()
    }

    /// What a frame's address says in place of the token, which a mail's links would tell others: it opens
    /// this one thing.
    fn key(&self, of: &str) -> String {
        let digest = digest::digest(&digest::SHA256, format!("{} {of}", self.token).as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(digest.as_ref())
    }
}

/// The pages and what they ask for.
pub fn router(stack: Stack) -> Router {
    let Some(console) = stack.console().cloned() else {
        return Router::new();
    };
    let part = get(mail::part).with_state((stack.clone(), console.clone()));
    let api = Router::new()
        .route("/api/overview", get(overview))
        .route("/api/live", get(live::live))
        .route("/api/entries/{id}", get(entry))
        .route("/api/tables", get(tables::tables))
        .route("/api/tables/{name}/items", get(tables::items))
        .route("/api/mails", get(mail::mails))
        .route("/api/mails/{id}", get(mail::mail))
        .route("/api/payments", get(payments::payments))
        .route("/api/payments/{id}/{action}", post(payments::act))
        .route("/api/users", get(users::users))
        .route("/api/users/{id}/{action}", post(users::act))
        .route("/api/mornings/{slot}", get(morning::morning))
        .route("/api/saju", get(saju::exposure))
        .route("/api/saju/{user_id}", get(saju::list))
        .route("/api/orders", get(orders::orders))
        .route("/api/orders/{id}", get(orders::order))
        .with_state(stack.clone())
        .merge(admin::router(stack.clone()))
        .layer(from_fn(move |request, next| {
            let root = stack.journal().map(journal::Journal::root);
            async move { journal::within(root, axum::middleware::Next::run(next, request)).await }
        }))
        .layer(from_fn_with_state(console.clone(), doors::token));
    assets::router()
        .route("/mail/{id}/{part}", part)
        .merge(api)
        .layer(from_fn_with_state(console, doors::this_machine))
}

/// What is running, and how it does.
async fn overview(State(stack): State<Stack>) -> Json<Value> {
    let (system, clock) = (stack.system(), stack.clock());
    let figures = stack.journal().map(journal::Journal::functions);
    let figures = figures.unwrap_or_default();
    let functions = system.functions.iter().map(|function| {
        let routes = system.routes.iter().filter(|it| it.function == function.logical_id);
        let routes = routes.map(|route| {
            let method = route.method.as_ref().map_or("ANY", http::Method::as_str);
            format!("{method} {}", route.path)
        });
        let routes: Vec<String> = routes.collect();
        let schedules: Vec<&str> = function.schedules.iter().map(|it| it.name.as_str()).collect();
        let rules: Vec<&str> = function.rules.iter().map(|it| it.name.as_str()).collect();
        let streams: Vec<&str> = function.mappings.iter().map(|it| it.table.as_str()).collect();
        json!({
            "name": function.name, "line": function.line, "memory_mb": function.memory_mb,
            "timeout_s": function.timeout_s, "routes": routes, "schedules": schedules, "rules": rules,
            "streams": streams, "figures": figures.get(&function.name),
        })
    });
    Json(json!({
        "functions": functions.collect::<Vec<_>>(),
        "routes": system.routes.len(),
        "tables": system.tables.len(),
        "api": stack.url(),
        "aws": stack.aws_url(),
        "frontend": system.parameters.get("FrontendUrl").map(|it| it.value.clone()),
        "now": clock.now(),
        "ahead_s": clock.ahead().as_secs(),
        "mails": stack.mailbox().count(),
        "dead_letters": stack.lambda().dead_letters().len(),
        "checkouts": stack.stripe().open_sessions().len(),
        "connections": stack.websocket().connections().len(),
    }))
}

/// An entry of the journal, with all that led to it and all that it led to.
async fn entry(State(stack): State<Stack>, UrlPath(id): UrlPath<Id>) -> Answer<Value> {
    let story = stack.journal().and_then(|journal| journal.story(id));
    match story {
        Some((entry, story)) => Ok(Json(json!({"entry": entry, "story": story}))),
        None => Err((StatusCode::NOT_FOUND, "it is not kept any more".into())),
    }
}
