//! Counts what is asked of AWS.

use std::ops::{Add, Mul};

use enishi_local::{Options, aws::Exchange, client::Client};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    exchange::{cost, drain},
    world::World,
};

/// What is paid for.
#[derive(Clone, Copy)]
pub enum Used {
    /// Requests to the HTTP API.
    Call,
    /// Invocations of functions.
    Invocation,
    /// Read request units of DynamoDB.
    Read,
    /// Write request units of DynamoDB.
    Write,
    /// Events on the bus.
    Event,
    /// Letters.
    Letter,
    /// Messages of the WebSocket.
    Frame,
    /// Minutes of a WebSocket's connection.
    Connection,
    /// Minutes of somebody in a meeting.
    Meeting,
}

impl Used {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Call,
        Self::Invocation,
        Self::Read,
        Self::Write,
        Self::Event,
        Self::Letter,
        Self::Frame,
        Self::Connection,
        Self::Meeting,
    ];

    /// How a table names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "requests to the API",
            Self::Invocation => "invocations",
            Self::Read => "read units",
            Self::Write => "write units",
            Self::Event => "events",
            Self::Letter => "letters",
            Self::Frame => "WebSocket messages",
            Self::Connection => "minutes connected",
            Self::Meeting => "minutes in meetings",
        }
    }
}

/// How much of each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage([f64; Used::ALL.len()]);

impl Usage {
    /// How much of this.
    pub fn of(&self, used: Used) -> f64 {
        self.0[used as usize]
    }

    /// More of this.
    pub fn count(&mut self, used: Used, more: f64) {
        self.0[used as usize] += more;
    }

    /// What it costs.
    pub fn cost(&self, price: fn(Used) -> f64) -> f64 {
        Used::ALL
            .iter()
            .map(|used| self.of(*used) * price(*used))
            .sum()
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
        self
    }
}

impl Mul<f64> for Usage {
    type Output = Self;

    fn mul(mut self, times: f64) -> Self {
        for amount in &mut self.0 {
            *amount *= times;
        }
        self
    }
}

/// A stack, and what was used of it.
pub struct Meter {
    /// The system.
    pub world: World,
    /// A client of its API.
    pub client: Client,
    watch: UnboundedReceiver<Exchange>,
    invocations: f64,
    /// The last entry of the journal that is counted.
    last: u64,
}

impl Meter {
    /// A stack in memory at `time`, moved on by hand.
    pub async fn start(time: Timestamp, change: impl FnOnce(&mut Options)) -> Result<Self, String> {
        let world = World::start(time, |options| {
            // The journal of a stack with a console counts invocations.
            options.console_port = Some(0);
            for rate in [
                "RegisterRate",
                "LoginAddressRate",
                "MessageRate",
                "TicketRate",
            ] {
                options.parameters.insert(rate.into(), "100000/1h".into());
            }
            change(options);
        })
        .await?;
        Ok(Self {
            client: Client::new(world.stack.url()),
            watch: world.stack.aws().watch(),
            world,
            invocations: 0.0,
            last: 0,
        })
    }

    /// Moves the clock on; schedules fire, and all that follows happens.
    pub async fn at(&self, time: Timestamp) {
        self.world.stack.at(time).await;
    }

    /// What was used since the last time, with all that followed from it.
    pub async fn taken(&mut self) -> Result<Usage, String> {
        self.world.stack.settle().await;
        let mut usage = Usage::default();
        let database = cost(&drain(&mut self.watch));
        usage.count(Used::Read, database.read);
        usage.count(Used::Write, database.write);
        let aws = self.world.stack.aws();
        for call in aws.calls() {
            match call.request.as_str() {
                "ses:SendEmail" => usage.count(Used::Letter, 1.0),
                "execute-api:PostToConnection" => usage.count(Used::Frame, 1.0),
                _ => {}
            }
        }
        aws.forget_calls();
        let journal = self
            .world
            .stack
            .journal()
            .ok_or("a stack without a journal")?;
        let (entries, _) = journal.follow(usize::MAX);
        let number = |entry: &Value| entry["id"].as_u64().unwrap_or_default();
        for entry in entries.iter().filter(|entry| number(entry) > self.last) {
            match entry["kind"].as_str() {
                Some("request") => usage.count(Used::Call, 1.0),
                Some("bus") => usage.count(Used::Event, 1.0),
                _ => {}
            }
        }
        self.last = entries.last().map_or(self.last, number);
        let functions = journal.functions();
        let invocations: f64 = functions
            .values()
            .filter_map(|one| one["calls"].as_f64())
            .sum();
        usage.count(Used::Invocation, invocations - self.invocations);
        self.invocations = invocations;
        Ok(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_adds_up() {
        let mut usage = Usage::default();
        usage.count(Used::Letter, 2.0);
        usage.count(Used::Meeting, 30.0);
        let twice = usage * 2.0 + usage;
        assert_eq!(
            (twice.of(Used::Letter), twice.of(Used::Meeting)),
            (6.0, 90.0)
        );
        let cost = twice.cost(|used| {
            if matches!(used, Used::Meeting) {
                0.5
            } else {
                0.0
            }
        });
        assert_eq!(cost, 45.0);
    }
}
