//! A thousand, ten thousand, a hundred thousand people enrolled with thirty mornings behind them:
//! the draw alone, the whole `rooms-assign` run over the wire, how somebody then finds the room,
//! and the pace at which meetings open.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use clap::Args;
use enishi_local::{aws::Exchange, chime::Quotas};
use enishi_rooms::{
    assign::{self, Draw, Sizes},
    person::person_key,
    seating::{self, Member, draw_key, ttl},
    slot::SlotId,
};
use jiff::{ToSpan as _, civil::Date};
use serde_json::{Value, json};

use crate::{
    client::Client,
    exchange::{cost, drain},
    random::Random,
    report::{short, table, thousands, verdict},
    worker::{Taken, apart},
    world::{MORNING, World, at, environment, people, sentence},
};

/// How many people.
#[derive(Args)]
pub struct Options {
    /// How many are enrolled, smallest first.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    people: Vec<usize>,
}

/// Mornings of history; as many as the draw looks back on.
const MORNINGS: i64 = 30;
const ROOM_SIZE: usize = 4;
/// How many people ask where their room is.
const ASKING: usize = 100;
/// The limits hold for this many people and fewer.
const MOST: usize = 100_000;

/// What was measured of one number of people.
struct Measured {
    people: usize,
    draw: Taken,
    assign: Taken,
    by_operation: BTreeMap<String, usize>,
    requests: usize,
    read: f64,
    write: f64,
    /// The most requests that one morning of history took.
    a_morning: usize,
    items_written: usize,
    /// Of all units written, those to the partition that got most.
    busiest: f64,
    /// The most requests that somebody took to find the seat, and to be told the room.
    find: usize,
    told: usize,
    told_read: f64,
}

/// Measures and prints; whether all limits are kept.
pub async fn run(options: &Options) -> Result<bool, String> {
    let mut measured = Vec::new();
    for count in &options.people {
        eprintln!("{} people …", thousands(*count as u64));
        measured.push(measure(*count).await?);
    }
    let kept = print(&measured);
    let paced = pace().await?;
    Ok(kept && paced)
}

async fn measure(count: usize) -> Result<Measured, String> {
    let draw = apart(vec!["draw".into(), count.to_string()], BTreeMap::new()).await?;
    let world = World::start(at("08:50")?, |_| {}).await?;
    let people = people(count);
    let history = bring_in(&world, &people).await?;

    let mut watch = world.stack.aws().watch();
    let assign = apart(
        vec!["assign".into(), at("08:50")?.to_string()],
        environment(&world.stack, "RoomsAssign")?.clone(),
    )
    .await?;
    let exchanges = drain(&mut watch);
    if assign.answer[0]["enrolled"] != count {
        return Err(format!("the draw answered {}", assign.answer));
    }
    let all = cost(&exchanges);
    let mut by_operation = BTreeMap::new();
    for exchange in &exchanges {
        *by_operation.entry(exchange.operation.clone()).or_default() += 1;
    }
    let (items_written, busiest) = written(&exchanges);
    let a_morning = history
        .iter()
        .map(|slot| queries_of(&exchanges, &slot.to_string()))
        .max()
        .unwrap_or(0);
    drop(exchanges);

    let client = Client::new(world.stack.url());
    let (mut find, mut told, mut told_read) = (0, 0, 0.0);
    for member in people.iter().step_by((count / ASKING).max(1)) {
        let token = world.token(member).await?;
        drain(&mut watch);
        let path = format!("/meeting_url/{}", member.user_id);
        let answer = client.send("GET", &path, Some(&token), None).await?;
        if answer.body["status"] != "ready" {
            return Err(format!("somebody has no room: {}", answer.body));
        }
        let asked = drain(&mut watch);
        let queries = asked.iter().filter(|asked| asked.operation == "Query");
        find = find.max(queries.count());
        told = told.max(asked.len());
        told_read += cost(&asked).read / ASKING as f64;
    }
    Ok(Measured {
        people: count,
        draw,
        assign,
        by_operation,
        requests: all.requests,
        read: all.read,
        write: all.write,
        a_morning,
        items_written,
        busiest,
        find,
        told,
        told_read,
    })
}

/// Everybody enrolled for the morning, and thirty mornings before it; their slots, by id.
async fn bring_in(world: &World, people: &[Member]) -> Result<Vec<SlotId>, String> {
    let mut random = Random(7);
    let morning: Date = MORNING.parse().map_err(sentence)?;
    let days: Vec<Date> = (1..=MORNINGS)
        .rev()
        .map(|ago| morning.saturating_sub(ago.days()))
        .collect();
    let like = a_draw(world, &days).await?;
    let mut ids: Vec<SlotId> = Vec::new();
    for day in &days {
        let slot = world.slot(&day.to_string())?;
        let rooms = crate::world::at_random(people, ROOM_SIZE, &mut random);
        let (rosters, seats) = seating::items(&slot, &rooms);
        world.import(rosters)?;
        world.import(seats)?;
        let draw = Draw {
            history: ids.iter().rev().copied().collect(),
            enrolled: u32::try_from(people.len()).map_err(sentence)?,
            rooms: u32::try_from(rooms.len()).map_err(sentence)?,
            sizes: Sizes::new(rooms.iter().map(Vec::len)),
            opened: true,
            closed: true,
            ttl: ttl(&slot),
            ..like.clone()
        };
        world.import([(draw_key(slot.id()), draw)])?;
        ids.push(slot.id());
    }
    let slot = world.slot(MORNING)?;
    for chunk in people.chunks(10_000) {
        world.import(chunk.iter().map(|member| world.enrollment(member, &slot)))?;
        let mut attendances = Vec::new();
        for member in chunk {
            let often = random.below(100);
            let mornings: BTreeMap<&SlotId, bool> = ids
                .iter()
                .map(|id| (id, random.below(100) <= often))
                .collect();
            let came = mornings.values().filter(|came| **came).count();
            let person = json!({
                "mornings": mornings, "rate": 100 * came / ids.len(), "write_id": "0123456789012345678901",
            });
            attendances.push((person_key(member.user_id), person));
        }
        world.import(attendances)?;
    }
    Ok(ids)
}

/// The record of a draw as the service writes it: of the earliest day, to which nobody came.
async fn a_draw(world: &World, days: &[Date]) -> Result<Draw, String> {
    let earliest = days.first().ok_or("there are no days")?;
    let slot = world.slot(&earliest.to_string())?;
    let clock = world.stack.clock();
    let (now, due) = (clock.now(), slot.drawn_at());
    clock.set(Some(due));
    let tick = json!({"scheduled_time": due});
    let drawn = world.stack.lambda().invoke("RoomsAssign", tick).await;
    clock.set(Some(now));
    drawn?;
    let app = world.app("RoomsAssign")?;
    let draw = assign::read(&app, slot.id()).await.map_err(sentence)?;
    draw.ok_or_else(|| "nothing was drawn".to_owned())
}

fn queries_of(exchanges: &[Exchange], slot_id: &str) -> usize {
    let partition = format!("SLOT#{slot_id}#P");
    exchanges
        .iter()
        .filter(|exchange| {
            exchange.operation == "Query"
                && String::from_utf8_lossy(&exchange.request).contains(&partition)
        })
        .count()
}

/// Items written, and the busiest partition's share of the units that took. A unit is a KB begun.
fn written(exchanges: &[Exchange]) -> (usize, f64) {
    let mut units: BTreeMap<String, usize> = BTreeMap::new();
    let mut items = 0;
    let mut count = |key: &Value, size: usize| {
        let key = key["pk"]["S"].as_str().unwrap_or_default().to_owned();
        *units.entry(key).or_default() += size.div_ceil(1024).max(1);
        items += 1;
    };
    for exchange in exchanges {
        let request: Value = serde_json::from_slice(&exchange.request).unwrap_or_default();
        match exchange.operation.as_str() {
            "BatchWriteItem" => {
                let puts = request["RequestItems"]
                    .as_object()
                    .into_iter()
                    .flat_map(|tables| tables.values())
                    .filter_map(Value::as_array)
                    .flatten();
                for put in puts {
                    let item = &put["PutRequest"]["Item"];
                    count(item, bytes(item));
                }
            }
            "PutItem" => count(&request["Item"], bytes(&request["Item"])),
            "UpdateItem" => count(&request["Key"], 0),
            _ => {}
        }
    }
    let busiest = units.values().max().copied().unwrap_or(0);
    (
        items,
        busiest as f64 / units.values().sum::<usize>().max(1) as f64,
    )
}

/// An item's size as DynamoDB reckons it, nearly: names and values, a few bytes a container.
fn bytes(value: &Value) -> usize {
    match value {
        Value::Object(attributes) => attributes
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("S" | "N", Value::String(text)) => text.len(),
                ("B", Value::String(text)) => text.len() / 4 * 3,
                ("L" | "M", inner) => 3 + bytes(inner),
                (name, inner) => name.len() + bytes(inner),
            })
            .sum(),
        Value::Array(values) => values.iter().map(|value| 1 + bytes(value)).sum(),
        _ => 1,
    }
}

fn print(measured: &[Measured]) -> bool {
    let mut head = vec!["rooms-assign".to_owned()];
    head.extend(measured.iter().map(|one| thousands(one.people as u64)));
    head.extend(["a tenfold costs".into(), "limit".into(), String::new()]);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut all_kept = true;
    let mut row = |name: &str,
                   value: &dyn Fn(&Measured) -> f64,
                   show: &dyn Fn(f64) -> String,
                   limit: Option<f64>| {
        let values: Vec<f64> = measured.iter().map(value).collect();
        let growth: Vec<String> = values
            .windows(2)
            .filter_map(|pair| match pair {
                [less, more] if *less > 0.0 => Some(format!("× {:.1}", more / less)),
                _ => None,
            })
            .collect();
        let mut cells = vec![name.to_owned()];
        cells.extend(values.iter().map(|value| show(*value)));
        cells.push(growth.join(", "));
        match limit {
            Some(limit) => {
                let kept = measured
                    .iter()
                    .zip(&values)
                    .filter(|(one, _)| one.people <= MOST)
                    .all(|(_, value)| *value <= limit);
                all_kept &= kept;
                cells.extend([format!("≤ {}", show(limit)), verdict(kept)]);
            }
            None => cells.extend([String::new(), String::new()]),
        }
        rows.push(cells);
    };
    let millis = |value: f64| format!("{:.0} ms", value * 1_000.0);
    let seconds = |value: f64| format!("{value:.2} s");
    let megabytes = |value: f64| format!("{:.0} MB", value / 1024.0);
    let whole = |value: f64| thousands(value as u64);
    let people = |one: &Measured| one.people as f64;
    row(
        "the draw alone: time",
        &|one| one.draw.seconds,
        &millis,
        Some(1.0),
    );
    row(
        "the draw alone: most memory, its input included",
        &|one| one.draw.peak_kilobytes as f64,
        &megabytes,
        Some(256.0 * 1024.0),
    );
    row(
        "the whole run: time",
        &|one| one.assign.seconds,
        &seconds,
        Some(30.0),
    );
    row(
        "· of which its processor worked, not waited",
        &|one| one.assign.busy_seconds,
        &seconds,
        None,
    );
    row(
        "the whole run: most memory",
        &|one| one.assign.peak_kilobytes as f64,
        &megabytes,
        Some(1024.0 * 1024.0),
    );
    row(
        "DynamoDB requests",
        &|one| one.requests as f64,
        &whole,
        None,
    );
    let operations: BTreeSet<&String> = measured
        .iter()
        .flat_map(|one| one.by_operation.keys())
        .collect();
    for operation in operations {
        row(
            &format!("· {operation}"),
            &|one| one.by_operation.get(operation).copied().unwrap_or(0) as f64,
            &whole,
            None,
        );
    }
    row(
        "requests a morning of history",
        &|one| one.a_morning as f64,
        &whole,
        Some(10.0),
    );
    row("read units", &|one| one.read, &whole, None);
    row("write units", &|one| one.write, &whole, None);
    row(
        "items written",
        &|one| one.items_written as f64,
        &whole,
        None,
    );
    let a_hundred = |value: f64| format!("{value:.2} a 100");
    row(
        "write requests, people",
        &|one| {
            let writes = |operation: &str| one.by_operation.get(operation).copied().unwrap_or(0);
            let writes = writes("BatchWriteItem") + writes("PutItem") + writes("UpdateItem");
            100.0 * writes as f64 / people(one)
        },
        &a_hundred,
        Some(2.0),
    );
    row(
        "items written, people",
        &|one| 100.0 * one.items_written as f64 / people(one),
        &a_hundred,
        None,
    );
    let percent = |value: f64| format!("{:.0} %", value * 100.0);
    row(
        "the busiest partition's share of writes",
        &|one| one.busiest,
        &percent,
        Some(0.5),
    );
    row(
        "to find one's seat: requests",
        &|one| one.find as f64,
        &whole,
        Some(1.0),
    );
    row(
        "to be told room and members: requests",
        &|one| one.told as f64,
        &whole,
        Some(2.0),
    );
    row(
        "to be told room and members: read units",
        &|one| one.told_read,
        &short,
        None,
    );
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(&head, &rows);
    all_kept
}

/// Sixty rooms where the quota is fifty, at ten requests a second.
async fn pace() -> Result<bool, String> {
    const ROOMS: usize = 60;
    const QUOTA: usize = 50;
    const A_SECOND: u32 = 10;
    let world = World::start(at("08:50")?, |options| {
        options.quotas = Quotas {
            concurrent_meetings: Some(QUOTA),
            ..Quotas::default()
        };
        for (name, value) in [
            ("ChimeMeetingQuota", QUOTA.to_string()),
            ("ChimeReservedPercent", "0".to_owned()),
            ("ChimeRequestsPerSecond", A_SECOND.to_string()),
        ] {
            options.parameters.insert(name.into(), value);
        }
    })
    .await?;
    let slot = world.slot(MORNING)?;
    let people = people(ROOMS * ROOM_SIZE);
    world.import(people.iter().map(|member| world.enrollment(member, &slot)))?;
    let lambda = world.stack.lambda();
    lambda
        .invoke("RoomsAssign", json!({"scheduled_time": at("08:50")?}))
        .await?;
    // They are told before.
    lambda
        .invoke("RoomsOpen", json!({"scheduled_time": at("08:51")?}))
        .await?;
    let begun = Instant::now();
    let opened = lambda
        .invoke("RoomsOpen", json!({"scheduled_time": at("08:56")?}))
        .await?;
    let opened = &opened["opened"];
    let seconds = begun.elapsed().as_secs_f64();
    let open = opened[0]["open"].as_u64().unwrap_or_default();
    let asked: u64 = world.stack.chime().requests().values().sum();
    // A second's worth comes at once, then as many a second as is configured.
    let a_second = open.saturating_sub(u64::from(A_SECOND)) as f64 / seconds.max(0.001);
    let living = world.stack.chime().live_meetings().len();
    let kept = a_second <= f64::from(A_SECOND) + 0.5
        && a_second >= f64::from(A_SECOND) * 0.8
        && open as usize == QUOTA
        && living == QUOTA;
    println!(
        "\nopening {ROOMS} rooms at {A_SECOND} requests a second, quota {QUOTA}: {open} open after \
         {seconds:.1} s ({A_SECOND} at once, then {a_second:.1} a second),\n{} beyond the quota, \
         {asked} requests to Chime: {}",
        opened[0]["beyond_quota"],
        verdict(kept),
    );
    Ok(kept)
}
