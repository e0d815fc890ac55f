//! Where a flow takes place.

use std::{fs, io, path::Path};

use enishi_local::{Options, clock::LocalClock, import, stack::DATABASE};
use enishi_shared::{
    App,
    app::{Parts, Random},
    token::{Subject, issue},
};
use http::{Request, header};
use serde_json::{Value, json};
use tempfile::TempDir;

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
    /// Removed with it.
    directory: Option<TempDir>,
}

/// What a flow begins with: prepared once, and copied for each case.
pub struct Prepared {
    directory: TempDir,
    scene: Scene,
}

impl Prepared {
    /// Prepares it in a folder of its own.
    pub async fn by(prepare: impl AsyncFn(&mut Scene)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let keep = |options: &mut Options| options.directory = Some(directory.path().to_owned());
        // No case has this seed: its ids are new ones.
        let mut scene = Scene::new(u64::MAX, keep).await;
        prepare(&mut scene).await;
        scene.world.stack.lambda().idle().await;
        scene.world.stack.stop();
        Self { directory, scene }
    }

    /// A case's own, but for connections: these are nothing that could be copied.
    pub async fn copy(&self, seed: u64) -> Option<Scene> {
        let prepared = &self.scene;
        if prepared.socket.is_some() {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        copy(self.directory.path(), directory.path()).unwrap();
        let copied = |options: &mut Options| {
            options.clock = LocalClock::still(prepared.world.stack.clock().now());
            options.directory = Some(directory.path().to_owned());
            options.copy_of = Some(prepared.world.stack.clone());
        };
        let mut scene = Scene::new(seed, copied).await;
        scene.people.clone_from(&prepared.people);
        scene.token.clone_from(&prepared.token);
        scene.directory = Some(directory);
        Some(scene)
    }
}

/// Copies what a stack keeps beside its tables.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, to) = (entry.file_name(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            fs::create_dir(&to)?;
            copy(&entry.path(), &to)?;
        } else if !name.to_string_lossy().starts_with(DATABASE) {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

impl Scene {
    /// The evening before the first morning.
    pub async fn new(seed: u64, change: impl FnOnce(&mut Options)) -> Self {
        let faults = Faults::default();
        let world = World::with(|options: &mut Options| {
            options.seed = Some(seed);
            options.connections = faults.connections();
            change(options);
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
            directory: None,
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
        let token = self.access_token(person).await;
        let answer = self.world.call(method, path, Some(&token), body).await;
        (answer.status.as_u16(), answer.body)
    }

    /// A fresh token of one of the people.
    pub async fn access_token(&self, person: usize) -> String {
        let user_id = &self.people[person];
        let subject = Subject {
            user_id,
            session_id: import::SESSION,
            name: &user_id[35..],
            email: "nobody@example.com",
            operator: false,
        };
        issue(&self.issuer, subject).await.unwrap()
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
