//! Safe to repeat: for every flow, a fault at each outside call in turn, then the retry, and the
//! invariant. Alone, and with the same request made twice at once.

use std::{collections::BTreeMap, fmt::Write as _};

use enishi_local::Options;
use enishi_shared::{
    App,
    token::{Subject, issue},
};
use futures_util::{StreamExt as _, future::BoxFuture, stream};
use http::{Request, header};
use serde_json::{Value, json};

use crate::{
    live::Socket,
    support::{MORNING, World, tokyo},
};

pub mod faults;
mod flows;
mod payments;
mod saju;
mod sessions;

use faults::{FAULTS, Fault, Faults};

/// A stack with faults, and five people with tokens.
pub struct Scene {
    world: World,
    faults: Faults,
    people: Vec<Guest>,
    /// Issues tokens.
    issuer: App,
    /// The connection of somebody who waits for messages.
    socket: Option<Socket>,
}

/// Somebody with a token, made without a sign-up.
pub struct Guest {
    id: String,
    token: String,
}

impl Scene {
    async fn new(seed: u64) -> Self {
        let faults = Faults::new();
        let world = World::with(|options: &mut Options| {
            options.seed = Some(seed);
            options.http = faults.client();
        })
        .await;
        let issuer = world.app("IdentityLogin", |parts| parts.http = faults.client());
        let mut scene = Self {
            world,
            faults,
            people: Vec::new(),
            issuer,
            socket: None,
        };
        for number in 0..5 {
            let id = format!("019aa2b4-7c1e-7d33-9f0a-00000000000{number}");
            let token = String::new();
            scene.people.push(Guest { id, token });
        }
        scene.issue_tokens().await;
        scene
    }

    /// An access token lives for fifteen minutes, and scenes travel in time.
    async fn issue_tokens(&mut self) {
        for guest in &mut self.people {
            let subject = Subject {
                user_id: &guest.id,
                session_id: "none",
                name: &guest.id[35..],
                email: "nobody@example.com",
                operator: false,
            };
            guest.token = issue(&self.issuer, subject).await.unwrap();
        }
    }

    async fn at(&mut self, time: &str) {
        self.world
            .stack
            .clock()
            .set(Some(tokyo(&format!("{MORNING}T{time}"))));
        self.issue_tokens().await;
    }

    async fn call(
        &self,
        person: usize,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let token = self.people[person].token.as_str();
        let answer = self.world.call(method, path, Some(token), body).await;
        (answer.status.as_u16(), answer.body)
    }

    /// Runs a scheduled function as it is scheduled.
    async fn fire(&self, function: &str) -> Result<Value, String> {
        let tick = json!({"scheduled_time": self.world.stack.clock().now()});
        self.world.stack.lambda().invoke(function, tick).await
    }

    /// Where somebody's room is; `None` while it is not drawn.
    async fn room_of(&self, person: usize) -> Option<String> {
        let path = format!("/meeting_url/{}?date={MORNING}", self.people[person].id);
        let (status, answer) = self.call(person, "GET", &path, None).await;
        assert_eq!(status, 200, "{answer}");
        Some(answer["room_id"].as_str()?.to_owned())
    }

    /// Everybody's room, by room.
    async fn rooms(&self) -> BTreeMap<String, Vec<usize>> {
        let mut rooms: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for person in 0..self.people.len() {
            let room = self.room_of(person).await.unwrap_or_else(|| "none".into());
            rooms.entry(room).or_default().push(person);
        }
        rooms
    }

    /// The rooms' meetings that live, by room.
    fn meetings(&self) -> BTreeMap<String, usize> {
        let mut meetings = BTreeMap::new();
        for meeting in self.world.stack.chime().live_meetings() {
            *meetings.entry(meeting.external_meeting_id).or_default() += 1;
        }
        meetings
    }

    async fn post_keyed(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "the-same")
            .body(body.to_string().into())
            .unwrap();
        let answer = self.world.send(request).await;
        (answer.status.as_u16(), answer.body)
    }
}

/// One flow: its function, how it is prepared, what is done, and what must hold afterwards.
pub struct Flow {
    name: &'static str,
    function: &'static str,
    prepare: for<'a> fn(&'a mut Scene) -> BoxFuture<'a, ()>,
    /// Does it; answers whether it succeeded.
    act: for<'a> fn(&'a Scene) -> BoxFuture<'a, bool>,
    check: for<'a> fn(&'a mut Scene) -> BoxFuture<'a, Result<(), String>>,
}

/// One case of a flow; answers whether the fault was met.
async fn case(
    flow: &Flow,
    nth: usize,
    fault: Fault,
    twice: bool,
    seed: u64,
) -> Result<bool, String> {
    let mut scene = Scene::new(seed).await;
    (flow.prepare)(&mut scene).await;
    scene.faults.plan(flow.function, nth, fault);
    if twice {
        futures_util::join!((flow.act)(&scene), (flow.act)(&scene));
    } else {
        (flow.act)(&scene).await;
    }
    let (hit, seen) = scene.faults.end();
    if !hit && seen <= nth {
        return Ok(false);
    }
    // The retry of a client, a schedule or a rule, whether it was needed or not.
    if !(flow.act)(&scene).await {
        return Err("the retry failed".into());
    }
    (flow.check)(&mut scene).await.map(|()| true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flow_survives_a_fault_at_every_call() {
    let mut table = String::from("\n flow            cases  passed\n");
    let mut failures = Vec::new();
    let flows = flows::FLOWS.iter().chain(&payments::FLOWS);
    for flow in flows.chain(&saju::FLOWS).chain(&sessions::FLOWS) {
        let (mut cases, mut passed) = (0, 0);
        for fault in FAULTS {
            for twice in [false, true] {
                // Four cases at a time, until there is no such call any more.
                let outcomes: Vec<_> = stream::iter(0..60_usize)
                    .map(|nth| async move {
                        let seed = nth as u64;
                        (nth, case(flow, nth, fault, twice, seed).await)
                    })
                    .buffered(4)
                    .take_while(|(_, outcome)| std::future::ready(*outcome != Ok(false)))
                    .collect()
                    .await;
                for (nth, outcome) in outcomes {
                    cases += 1;
                    match outcome {
                        Ok(_) => passed += 1,
                        Err(error) => failures.push(format!(
                            "{}: {fault:?} at call {nth}, {}, seed {nth}: {error}",
                            flow.name,
                            if twice { "two at once" } else { "alone" },
                        )),
                    }
                }
            }
        }
        writeln!(table, " {:15} {cases:5} {passed:7}", flow.name).unwrap();
    }
    eprintln!("{table}");
    assert!(failures.is_empty(), "{table}\n{}", failures.join("\n"));
}
