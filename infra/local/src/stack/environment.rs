//! What the template cannot know: the values of its parameters on this machine, and the addresses in a
//! function's environment.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use enishi_shared::{
    app::{Parts, Random, TimeLimits},
    password::Cost,
};

use super::{Connections, OPERATOR_EMAIL};
use crate::{
    clock::LocalClock,
    firebase, journal,
    keys::Keys,
    s3::{SECRET_KEY, photos_bucket},
    secrets::SECRET_ARN_PREFIX,
    stripe,
    template::{self, REGION, System},
};

fn secret_arn(name: &str) -> String {
    format!("{SECRET_ARN_PREFIX}enishi/{name}")
}

/// The secrets' values, by their ARNs.
pub fn secrets(keys: Keys) -> [(String, String); 4] {
    [
        (secret_arn("token-signing-key"), keys.token_signing_key),
        (secret_arn("join-token-key"), keys.join_token_key),
        (secret_arn("stripe"), stripe::api_secret()),
        (secret_arn("stripe-webhook"), stripe::webhook_secret()),
    ]
}

/// One plan, of the only price that a new Stripe knows: ten hours a seat.
fn plans() -> String {
    format!(
        r#"[{{"id": 1, "price": "{}", "seconds_per_seat": 36000}}]"#,
        stripe::PRICE
    )
}

/// Where the front end is.
pub fn web_url(web: SocketAddr) -> String {
    format!("http://localhost:{}", web.port())
}

/// The parameters without a default, the operator of a local stack and what can be bought there, and the
/// front end that is served here.
pub fn parameters(
    keys: &Keys,
    web: Option<SocketAddr>,
    others: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::from([
        ("TokenPublicKeys".to_owned(), keys.public_keys.clone()),
        (
            "TokenSigningSecretArn".to_owned(),
            secret_arn("token-signing-key"),
        ),
        (
            "JoinTokenSecretArn".to_owned(),
            secret_arn("join-token-key"),
        ),
        // The emulator wants no proof.
        (
            "FirebaseServiceAccountSecretArn".to_owned(),
            secret_arn("firebase-service-account"),
        ),
        ("StripeSecretArn".to_owned(), secret_arn("stripe")),
        (
            "StripeWebhookSecretArn".to_owned(),
            secret_arn("stripe-webhook"),
        ),
        ("OperatorEmails".to_owned(), OPERATOR_EMAIL.to_owned()),
        ("OrgPlans".to_owned(), plans()),
    ]);
    for name in ["FrontendUrl", "AllowedOrigins"] {
        parameters.extend(web.map(|web| (name.to_owned(), web_url(web))));
    }
    // Also where the front end is somebody else's and ours is served beside it.
    parameters.extend(web.map(|web| ("DocsUrl".to_owned(), format!("{}/docs", web_url(web)))));
    parameters.extend(others);
    parameters
}

/// Where Stripe sends its webhooks, if the template takes any.
pub fn webhook_url(system: &System, api: SocketAddr) -> Option<String> {
    let taken = |route: &template::Route| route.path == stripe::WEBHOOK_PATH;
    let any = system.routes.iter().any(taken);
    any.then(|| format!("http://{api}{}", stripe::WEBHOOK_PATH))
}

/// Where clients open WebSockets; without a path where the template has no WebSocket API.
pub fn live_url(system: &System, api: SocketAddr) -> String {
    let stage = system.websocket.as_ref().map(|api| api.stage.as_str());
    let port = api.port();
    format!("ws://localhost:{port}/{}", stage.unwrap_or_default())
}

/// The Firebase project that the template's functions take tokens of.
pub fn firebase_project(system: &System) -> &str {
    let mut environments = system
        .functions
        .iter()
        .map(|function| &function.environment);
    environments
        .find_map(|environment| environment.get("FIREBASE_PROJECT_ID"))
        .map_or(firebase::PROJECT, String::as_str)
}

/// What the functions' Apps are made of.
pub struct Worlds {
    /// What the template says.
    pub system: Arc<System>,
    /// Where the API is.
    pub api: SocketAddr,
    /// Where AWS SDKs reach the stand-ins.
    pub aws: SocketAddr,
    /// The stack's time.
    pub clock: LocalClock,
    /// The stack's randomness.
    pub random: Random,
    /// The functions' connections.
    pub connections: Connections,
    /// Whether their calls say what they are for.
    pub telling: bool,
    /// How long the functions and what they call may take.
    pub limits: TimeLimits,
    /// What their passwords' hashes cost.
    pub password_cost: Cost,
}

impl Worlds {
    /// Every function's environment, by its logical id.
    pub fn environments(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let (live_url, photos_url) = (live_url(&self.system, self.api), self.photos_url());
        let functions = self.system.functions.iter();
        functions
            .map(|function| {
                let environment = environment(function, self.aws, self.api, &live_url, &photos_url);
                (function.logical_id.clone(), environment)
            })
            .collect()
    }

    /// What the App of a function is made of.
    ///
    /// # Errors
    /// A sentence, when there is no such function.
    pub fn parts(&self, function: &str) -> Result<Parts, String> {
        let found = self.system.function(function);
        let found = found.ok_or_else(|| format!("there is no function {function}"))?;
        let live_url = live_url(&self.system, self.api);
        let environment = environment(found, self.aws, self.api, &live_url, &self.photos_url());
        let http = (self.connections)(function);
        Ok(Parts {
            env: environment.into_iter().collect(),
            clock: self.clock.as_clock(),
            random: self.random.clone(),
            http: match self.telling {
                true => journal::wrap(http),
                false => http,
            },
            limits: self.limits,
            password_cost: self.password_cost,
        })
    }

    /// Where pictures are read.
    fn photos_url(&self) -> String {
        let bucket = self.system.functions.iter().find_map(photos_bucket);
        format!("http://{}/{}", self.aws, bucket.unwrap_or_default())
    }
}

/// A function's environment: the template's, what Lambda and the SDKs set, and the local address of
/// the WebSocket API, of Stripe and of what a CDN serves in the cloud.
fn environment(
    function: &template::Function,
    aws: SocketAddr,
    api: SocketAddr,
    live_url: &str,
    photos_url: &str,
) -> BTreeMap<String, String> {
    let mut environment = function.environment.clone();
    for (name, here) in [
        ("LIVE_URL", live_url),
        ("API_URL", &format!("http://localhost:{}", api.port())),
        ("API_DOMAIN", ""),
        ("PHOTOS_URL", photos_url),
        (
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI",
            &format!("http://{aws}"),
        ),
        ("STRIPE_API_BASE", &format!("http://{aws}/stripe")),
    ] {
        if let Some(value) = environment.get_mut(name) {
            *value = here.to_owned();
        }
    }
    for (name, value) in [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", &function.logical_id),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_ENDPOINT_URL", &format!("http://{aws}")),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    if environment.contains_key("FIREBASE_PROJECT_ID") {
        environment.insert("FIREBASE_AUTH_EMULATOR_HOST".to_owned(), aws.to_string());
    }
    environment
}
