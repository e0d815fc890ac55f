//! Twenty connections that are cut while all write: no message is lost, doubled or out of order.

use std::{sync::Mutex, time::Duration};

use enishi_local::clock::LocalClock;
use enishi_shared::app::Random;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::{items, matched::accepted};
use crate::{
    live::Socket,
    support::{Person, World, text},
};

/// Connections of each of the two.
const DEVICES: usize = 10;
/// One of so many messages that come has a connection cut.
const CUT_ONE_IN: u32 = 25;

/// One of somebody's devices: what it has, in the order in which it came.
struct Device<'a> {
    world: &'a World,
    person: &'a Person,
    matching: &'a str,
    socket: Option<Socket>,
    random: Random,
    have: Vec<Value>,
    /// Whether HTTP may have messages that are not here.
    behind: bool,
    cuts: &'a Mutex<usize>,
}

impl Device<'_> {
    fn one_in(&self, number: u32) -> bool {
        u32::from_le_bytes(self.random.bytes()).is_multiple_of(number)
    }

    async fn catch_up(&mut self) {
        loop {
            let query = format!("&after_seq={}&limit=100", self.have.len());
            let page = super::page(self.world, self.person, self.matching, &query).await;
            // A page with a gap is not answered.
            if page.status == 503 {
                continue;
            }
            let page = page.expect(200).body;
            let page = page.as_array().unwrap();
            page.iter().for_each(|message| self.take(message));
            if page.len() < 100 {
                self.behind = false;
                return;
            }
        }
    }

    /// Drops what is there already.
    fn take(&mut self, message: &Value) {
        if message["seq"] == self.have.len() as u64 + 1 {
            self.have.push(message.clone());
        }
    }

    /// Connects where the connection has ended, and asks for what it may have missed.
    async fn connect(&mut self) {
        if self.socket.is_none() {
            let mut socket = Socket::open(self.world, self.person).await;
            // One that had to go while it opened is not closed before its client says something.
            if !socket.offer(json!({"action": "ping"})).await {
                return;
            }
            self.socket = Some(socket);
            self.behind = true;
        }
        if self.behind {
            self.catch_up().await;
        }
    }

    /// Waits for the next frame; answers whether it is still connected. May be given up at any time.
    async fn receive(&mut self) -> bool {
        let Some(socket) = &mut self.socket else {
            return false;
        };
        let Some(mut frame) = socket.next_or_end().await else {
            self.socket = None;
            return false;
        };
        let fields = frame.as_object_mut().unwrap();
        let of_type = fields.remove("type").unwrap();
        match of_type.as_str().unwrap() {
            "pong" => return true,
            // The end comes next.
            "error" => {
                assert_eq!(frame["code"], "access_token_invalid");
                return true;
            }
            of_type => assert_eq!(of_type, "matchingMessage"),
        }
        fields.remove("matching_id");
        self.take(&frame);
        self.behind |= frame["seq"].as_u64().unwrap() > self.have.len() as u64;
        if self.one_in(CUT_ONE_IN) {
            self.cut();
        }
        true
    }

    /// Cuts a connection: this one, or anybody's, with or without a word.
    fn cut(&mut self) {
        let websocket = self.world.stack.websocket();
        let open = websocket.connections();
        let at = u32::from_le_bytes(self.random.bytes()) as usize % open.len().max(1);
        match (u32::from_le_bytes(self.random.bytes()) % 3, open.get(at)) {
            (0, Some(id)) => drop(websocket.cut(id)),
            (1, Some(id)) => drop(websocket.cut_silently(id)),
            _ => self.socket = None,
        }
        *self.cuts.lock().unwrap() += 1;
    }

    /// Writes its own messages, each until it is taken, and waits for those of all.
    async fn run(mut self, name: String, own: usize, all: usize) -> Vec<Value> {
        for number in 0..own {
            let id = format!("{name}/{number}");
            loop {
                let sent = super::say(self.world, self.person, self.matching, &id, &id).await;
                match sent.status.as_u16() {
                    201 => break,
                    status => assert_eq!(status, 503, "{}", sent.text),
                }
            }
            if self.one_in(10) {
                self.cut();
            }
            // What has come meanwhile.
            let moment = Duration::from_millis(1);
            while let Ok(true) = tokio::time::timeout(moment, self.receive()).await {}
            self.connect().await;
        }
        while self.have.len() < all {
            self.receive().await;
            self.connect().await;
        }
        self.have
    }
}

async fn blow(messages: usize) {
    let world = World::with(|options| {
        options.automatic = true;
        // A connection that is lost without a word is forgotten after a while.
        options.clock = LocalClock::system();
    })
    .await;
    let (sora, hana, id) = accepted(&world).await;
    let own = messages / (2 * DEVICES);
    let all = own * 2 * DEVICES;
    let cuts = Mutex::new(0);
    let devices = [&sora, &hana]
        .into_iter()
        .flat_map(|person| (0..DEVICES).map(move |number| (person, number)));
    let runs = devices.enumerate().map(|(seed, (person, number))| {
        let device = Device {
            world: &world,
            person,
            matching: &id,
            socket: None,
            random: Random::from_seed(seed as u64),
            have: Vec::new(),
            behind: false,
            cuts: &cuts,
        };
        device.run(format!("{}/{number}", person.name), own, all)
    });
    let histories = join_all(runs).await;
    for history in &histories {
        assert_eq!(history, &histories[0]);
    }
    let history = &histories[0];
    let seqs = history
        .iter()
        .map(|message| message["seq"].as_u64().unwrap());
    assert!(seqs.eq(1..=all as u64));
    // Each once, and each device's own in the order in which it wrote them.
    for (person, sender) in [(&sora, "speaker"), (&hana, "listener")] {
        for number in 0..DEVICES {
            let prefix = format!("{}/{number}/", person.name);
            let own_ones = history.iter().filter(|message| message["sender"] == sender);
            let numbers = own_ones.filter_map(|message| {
                let said = text(&message["text"]);
                said.strip_prefix(&prefix)?.parse::<usize>().ok()
            });
            assert!(numbers.eq(0..own), "{prefix}");
        }
    }
    // The counts: all, and up to which message each has read by writing.
    let chat = items(&world, &format!("CHAT#{id}"));
    let chat = chat.iter().find(|item| item["sk"]["S"] == "CHAT").unwrap();
    assert_eq!(chat["last_seq"]["N"], all.to_string());
    for (person, sender) in [(&sora, "speaker"), (&hana, "listener")] {
        let last = history.iter().rfind(|message| message["sender"] == sender);
        let last = last.map_or(0, |message| message["seq"].as_u64().unwrap());
        assert_eq!(chat["read"]["M"][&person.id]["N"], last.to_string());
    }
    let cuts = cuts.into_inner().unwrap();
    assert!(cuts > 5, "{cuts} cuts");
    assert!(world.stack.lambda().dead_letters().is_empty());
    eprintln!("{all} messages, {} connections, {cuts} cuts", 2 * DEVICES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_doubled_or_out_of_order_while_connections_are_cut() {
    blow(100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes a minute"]
async fn nor_are_a_thousand_messages() {
    blow(1_000).await;
}
