//! Two people write to each other while their connections are cut at random, over real sockets: each
//! must end with every message once, in the one order, and with the right count of unread ones.

use std::time::Duration;

use clap::Args;
use enishi_local::{
    chat_client::storm::{self, storm},
    clock::LocalClock,
};
use jiff::Timestamp;

use crate::{
    report::{short, table, thousands, verdict},
    world::World,
};

/// How hard it blows.
#[derive(Args)]
pub struct Options {
    /// Messages altogether.
    #[arg(long, default_value_t = 10_000)]
    messages: usize,
    /// One arriving message in this many has a connection cut.
    #[arg(long, default_value_t = 25)]
    cut_one_in: u32,
    /// Decides whose connection is cut, how and when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Lets it blow and prints the table; whether nothing was lost.
pub async fn run(options: &Options) -> Result<bool, String> {
    let world = World::start(Timestamp::now(), |options| {
        options.automatic = true;
        // A connection that is lost without a word is forgotten after a while.
        options.clock = LocalClock::system();
        // A storm is no person.
        for rate in ["MessageRate", "TicketRate"] {
            options.parameters.insert(rate.into(), "100000/1s".into());
        }
    })
    .await?;
    let storm_options = storm::Options {
        messages: options.messages,
        cut_one_in: options.cut_one_in.max(1),
        seed: options.seed,
        patience: Duration::from_mins(60),
    };
    let outcome = storm(&world.stack, storm_options).await?;
    let sum = |count: fn(&enishi_local::chat_client::Counts) -> u64| {
        thousands(outcome.counts.iter().map(count).sum())
    };
    let seconds = outcome.took.as_secs_f64();
    let kept = outcome.violations.is_empty();
    table(
        &[
            "messages",
            "a second",
            "cuts",
            "reconnects",
            "resent",
            "duplicates dropped",
            "caught up over HTTP",
            "",
        ],
        &[vec![
            thousands(options.messages as u64),
            short(options.messages as f64 / seconds),
            thousands(outcome.cuts),
            sum(|counts| counts.connections.saturating_sub(1)),
            sum(|counts| counts.resent),
            sum(|counts| counts.duplicates),
            sum(|counts| counts.caught_up),
            verdict(kept),
        ]],
    );
    for violation in &outcome.violations {
        println!("{violation}");
    }
    println!(
        "\nTwo clients over real sockets in {seconds:.0} s; each sends one message at a time and waits \
         for its acknowledgement. Cuts: by the\nclient, by the server, and by the server without \
         $disconnect, a third each. In the end each client must have all messages\nonce, 1, 2, 3 \
         and so on, each person's in the order of writing, and the list of chats the right count \
         of unread ones."
    );
    Ok(kept)
}
