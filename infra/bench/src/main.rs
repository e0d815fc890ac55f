//! The benchmarks. Each prints one table with what is promised, or what others reach, beside what
//! is measured here: `cargo run -p enishi-bench --release -- quality`.
//!
//! Times depend on the machine and on what else it does; read them as ratios.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod buy;
mod chat;
mod client;
mod cost;
mod exchange;
mod lean;
mod market;
mod nine_oclock;
mod process;
mod quality;
mod random;
mod recommendations;
mod report;
mod requests;
mod runtime_api;
mod scale;
mod search;
mod worker;
mod world;
mod writes;

#[derive(Parser)]
#[command(name = "enishi-bench", version, about)]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// How seldom the draw lets people meet again.
    Quality(quality::Options),
    /// The draw and its whole run for a thousand, ten thousand, a hundred thousand people.
    Scale(scale::Options),
    /// What the endpoints of identity and rooms ask of DynamoDB, beside their budgets.
    Requests,
    /// A thousand people join 250 rooms within a second.
    NineOclock,
    /// The day's recommendations: requests a draw, whether the best are found, who is shown.
    Recommendations(recommendations::Options),
    /// Ten thousand messages between two people whose connections are cut at random.
    Chat(chat::Options),
    /// What each search for employees reads, beside what it answers.
    Search(search::Options),
    /// What each page of the market's lists and searches asks and reads, and whether it is the right one.
    Market(market::Options),
    /// What a purchase asks and costs, and how many come through.
    Buy(buy::Options),
    /// What a month costs at AWS, by product, for 100, 10,000 and 1,000,000 people.
    Cost,
    /// Whether the embedded database writes as quickly after twenty thousand writes.
    Writes(writes::Options),
    /// How small and quick the functions' binaries are, beside JavaScript.
    Lean(lean::Options),
    #[command(hide = true, subcommand)]
    Work(worker::Work),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().benchmark {
        Benchmark::Quality(options) => quality::run(&options),
        Benchmark::Scale(options) => on_runtime(scale::run(&options)),
        Benchmark::Requests => on_runtime(requests::run()),
        Benchmark::NineOclock => on_runtime(nine_oclock::run()),
        Benchmark::Recommendations(options) => on_runtime(recommendations::run(&options)),
        Benchmark::Chat(options) => on_runtime(chat::run(&options)),
        Benchmark::Search(options) => on_runtime(search::run(&options)),
        Benchmark::Market(options) => on_runtime(market::run(&options)),
        Benchmark::Buy(options) => on_runtime(buy::run(&options)),
        Benchmark::Cost => on_runtime(cost::run()),
        Benchmark::Writes(options) => on_runtime(writes::run(&options)),
        Benchmark::Lean(options) => on_runtime(lean::run(&options)),
        Benchmark::Work(work) => worker::run(&work).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(2)
        }
    }
}

fn on_runtime(benchmark: impl Future<Output = Result<bool, String>>) -> Result<bool, String> {
    tokio::runtime::Runtime::new()
        .map_err(world::sentence)?
        .block_on(benchmark)
}
