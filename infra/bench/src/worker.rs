//! What runs in a process of its own, so that its memory can be told from the stack's.

use std::{collections::BTreeMap, process::Stdio, time::Instant};

use clap::Subcommand;
use enishi_rooms::{assign, draw::draw};
use enishi_shared::{
    App,
    app::{Clock, Env, Parts, Random as AppRandom, TimeLimits, http_client},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    process::{busy_seconds, peak_kilobytes},
    random::Random,
    world::sentence,
};

/// What to run.
#[derive(Subcommand)]
pub enum Work {
    /// The draw alone: people with thirty mornings of history.
    Draw {
        /// How many.
        people: usize,
    },
    /// `rooms-assign` for the minute `time`, against the stack that the environment names.
    Assign {
        /// The scheduled time.
        time: Timestamp,
    },
}

/// What it took.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Taken {
    /// From the call to its answer.
    pub seconds: f64,
    /// For how long the process had a processor.
    pub busy_seconds: f64,
    /// The process's most, at any time.
    pub peak_kilobytes: u64,
    /// What was answered.
    pub answer: Value,
}

/// Does the work and prints what it took.
pub fn run(work: &Work) -> Result<(), String> {
    let (seconds, answer) = match work {
        Work::Draw { people } => draw_alone(*people),
        Work::Assign { time } => assign_slot(*time)?,
    };
    let taken = Taken {
        seconds,
        busy_seconds: busy_seconds(),
        peak_kilobytes: peak_kilobytes("self"),
        answer,
    };
    println!("{}", serde_json::to_string(&taken).map_err(sentence)?);
    Ok(())
}

/// Runs this program with `arguments` and waits for what it took.
pub async fn apart(
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
) -> Result<Taken, String> {
    let program = std::env::current_exe().map_err(sentence)?;
    let run = move || {
        std::process::Command::new(program)
            .arg("work")
            .args(arguments)
            .envs(environment)
            .stderr(Stdio::inherit())
            .output()
    };
    let output = tokio::task::spawn_blocking(run)
        .await
        .map_err(sentence)?
        .map_err(sentence)?;
    serde_json::from_slice(&output.stdout).map_err(|_| "a worker did not finish".to_owned())
}

fn draw_alone(people: usize) -> (f64, Value) {
    let mut random = Random(people as u64);
    let mut order: Vec<u32> = (0..people as u32).collect();
    let rates: Vec<u8> = (0..people).map(|_| 20 + random.below(81) as u8).collect();
    let history: Vec<Vec<Vec<u32>>> = (0..30)
        .map(|_| {
            random.shuffle(&mut order);
            order.chunks(4).map(<[u32]>::to_vec).collect()
        })
        .collect();
    let begun = Instant::now();
    let rooms = draw(&rates, &history, &[], 4);
    let seconds = begun.elapsed().as_secs_f64();
    (seconds, rooms.len().into())
}

/// As the binary does it: one thread, the App of its environment. Only the time is the stack's.
fn assign_slot(time: Timestamp) -> Result<(f64, Value), String> {
    let app = App::new(Parts {
        env: Env::from_process(),
        clock: Clock::from_fn(move || time),
        random: AppRandom::system().map_err(sentence)?,
        http: http_client(),
        limits: TimeLimits::default(),
        password_cost: enishi_shared::password::Cost::default(),
    })
    .map_err(sentence)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(sentence)?;
    let handler = assign::FUNCTION.handler(app);
    let begun = Instant::now();
    let answer = runtime
        .block_on(handler.invoke(json!({"scheduled_time": time})))
        .map_err(sentence)?;
    Ok((begun.elapsed().as_secs_f64(), answer))
}
