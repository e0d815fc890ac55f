//! The embedded database stays fast: thousands of writes to a table with a stream, in memory and in a
//! folder.

use std::time::Instant;

use clap::Args;
use enishi_local::database::from_json;
use serde_json::json;

use crate::{
    report::{short, table, thousands, verdict},
    world::{World, at, sentence},
};

/// The first and the last writes that are compared.
const COMPARED: usize = 1_000;
/// How much longer the last ones may take than the first.
const LONGEST: f64 = 1.3;

/// How many writes.
#[derive(Args)]
pub struct Options {
    /// Writes altogether, 2,000 at the least.
    #[arg(long, default_value_t = 20_000)]
    writes: usize,
}

/// Writes and prints the table; whether the last writes were as quick as the first.
pub async fn run(options: &Options) -> Result<bool, String> {
    let writes = options.writes.max(2 * COMPARED);
    let mut rows = Vec::new();
    let mut kept = true;
    for place in ["memory", "a folder"] {
        let folder = tempfile::tempdir().map_err(sentence)?;
        let world = World::start(at("08:50")?, |options| {
            options.directory = (place != "memory").then(|| folder.path().to_owned());
        })
        .await?;
        let times = times(&world, writes)?;
        let first: f64 = times[..COMPARED].iter().sum();
        let last: f64 = times[writes - COMPARED..].iter().sum();
        kept &= last <= LONGEST * first;
        rows.push(vec![
            place.to_owned(),
            thousands(writes as u64),
            short(1e3 * first),
            short(1e3 * last),
            short(last / first),
            short(LONGEST),
            verdict(last <= LONGEST * first),
        ]);
    }
    table(
        &[
            "kept in",
            "writes",
            "first 1,000, ms",
            "last 1,000, ms",
            "ratio",
            "limit",
            "",
        ],
        &rows,
    );
    println!(
        "\nWrites of one item each, past the wire, to a table with a stream; nobody reads it meanwhile."
    );
    Ok(kept)
}

/// How long each write took, in seconds.
fn times(world: &World, writes: usize) -> Result<Vec<f64>, String> {
    let tables = &world.stack.system().tables;
    let table = tables.iter().find(|table| table.stream.is_some());
    let table = table.ok_or("the template has no table with a stream")?;
    (0..writes)
        .map(|number| {
            let item = json!({
                "pk": {"S": format!("WRITE#{number}")},
                "sk": {"S": "WRITE"},
                "text": {"S": "a text of some length, as a message in a chat has it"},
            });
            let request = from_json(json!({"TableName": table.name, "Item": item}))?;
            let begun = Instant::now();
            world.stack.database().put_item(request).map_err(sentence)?;
            Ok(begun.elapsed().as_secs_f64())
        })
        .collect()
}
