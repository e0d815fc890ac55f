//! Where a flow takes place.

use enishi_local::{Options, import};
use enishi_shared::{
    App,
    app::{Parts, Random},
    token::{Subject, issue},
};
use http::{Request, header};
use serde_json::{Value, json};

use super::Faults;
use crate::{
    live::Socket,
    support::{MORNING, World, tokyo},
};

/// A stack with faults, and five people.
pub struct Scene {
    pub world: World,
    pub faults: Faults,
    /// Their ids; a flow makes their accounts where it needs them.
    pub people: Vec<String>,
    /// What the flow spends: a refresh token, an ID token, a session key or a ticket.
    pub token: String,
    /// The connection of somebody who waits for messages.
    pub socket: Option<Socket>,
    issuer: App,
}

impl Scene {
    /// The evening before the first morning.
    pub async fn new(seed: u64) -> Self {
        let faults = Faults::default();
        let world = World::with(|options: &mut Options| {
            options.seed = Some(seed);
            options.connections = faults.connections();
        })
        .await;
        let issuer = world.app("IdentityLogin", |_| {});
        let id = |number| format!("019aa2b4-7c1e-7d33-9f0a-00000000000{number}");
        Self {
            world,
            faults,
            people: (0..5).map(id).collect(),
            token: String::new(),
            socket: None,
            issuer,
        }
    }

    /// An App of a function's own, in a process of its own.
    pub fn app(&self, function: &str) -> App {
        let seed = self.issuer.new_id().as_u64_pair().1;
        let draw = |parts: &mut Parts| parts.random = Random::from_seed(seed);
        self.world.app(function, draw)
    }

    /// Sets the clock to a time of the first morning.
    pub fn at(&self, time: &str) {
        self.at_time(&format!("{MORNING}T{time}"));
    }

    /// Sets the clock.
    pub fn at_time(&self, time: &str) {
        self.world.stack.clock().set(Some(tokyo(time)));
    }

    /// A request of one of the people, with a fresh token.
    pub async fn call(
        &self,
        person: usize,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let user_id = &self.people[person];
        let subject = Subject {
            user_id,
            session_id: import::SESSION,
            name: &user_id[35..],
            email: "nobody@example.com",
            operator: false,
        };
        let token = issue(&self.issuer, subject).await.unwrap();
        let answer = self.world.call(method, path, Some(&token), body).await;
        (answer.status.as_u16(), answer.body)
    }

    /// A request of somebody without a token, with an idempotency key.
    pub async fn post_keyed(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "the-same")
            .body(body.to_string().into())
            .unwrap();
        let answer = self.world.send(request).await;
        (answer.status.as_u16(), answer.body)
    }

    /// Runs a scheduled function as it is scheduled.
    pub async fn fire(&self, function: &str) -> Result<Value, String> {
        let tick = json!({"scheduled_time": self.world.stack.clock().now()});
        self.world.stack.lambda().invoke(function, tick).await
    }
}
