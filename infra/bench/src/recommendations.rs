//! The day's recommendations: what a draw costs however large the pool, whether the best are found,
//! and how evenly people are shown.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashSet},
    hint::black_box,
    time::Instant,
};

use clap::Args;
use enishi_local::{aws::Exchange, import};
use enishi_saju::{
    pool::{Partition, candidates, visits, widenings},
    profile::{self, Candidate, Gender, Preferences, Profile},
    recommendations::{MOST_REQUESTS, draw::A_DAY},
    score::score_of,
};
use jiff::{Timestamp, civil::Date};

use crate::{
    client::Client,
    exchange::{Cost, cost, drain},
    report::{short, table, thousands, verdict},
    world::{World, at, sentence},
};

mod exposure;

/// How large the pools are.
#[derive(Args)]
pub struct Options {
    /// People in the pool, smallest first.
    #[arg(long, value_delimiter = ',', default_values_t = [500, 5_000, 50_000, 500_000])]
    pools: Vec<usize>,
}

const FUNCTION: &str = "SajuRecommendations";
const PATH: &str = "/api/matches/recommendations";
/// How many people draw a list from each pool.
const DRAWS: usize = 40;
/// Comparisons with all people, in a pool of so many.
const TRIALS: usize = 200;
const COMPARED: usize = 5_000;
/// A tenfold pool may take so much more of what should not grow.
const FLAT: f64 = 1.05;
const MOST_GINI: f64 = 0.3;

/// Measures and prints; whether all limits are kept.
pub async fn run(options: &Options) -> Result<bool, String> {
    let now = at("08:50")?;
    let today = profile::today(now);
    let mut measured = Vec::new();
    for people in &options.pools {
        eprintln!("a pool of {} …", thousands(*people as u64));
        measured.push(draws(now, today, *people).await?);
    }
    let kept = print_draws(&measured);
    eprintln!("{TRIALS} comparisons …");
    let exact = exactness(now, today).await?;
    eprintln!(
        "{} days of {} people …",
        exposure::DAYS,
        thousands(exposure::PEOPLE as u64)
    );
    let spread = print_exposure(exposure::run(now, today)?);
    Ok(kept && exact && spread)
}

/// What the draws from a pool took.
struct Draws {
    people: usize,
    /// Of each draw.
    costs: Vec<Cost>,
    /// What a second request of the day took, at the most.
    again: usize,
    milliseconds: f64,
    /// How many partitions are occupied, and how long it takes to score them.
    partitions: usize,
    scoring: f64,
    /// Means over the draws.
    by_operation: BTreeMap<String, f64>,
}

async fn draws(now: Timestamp, today: Date, people: usize) -> Result<Draws, String> {
    let world = World::start(now, |_| {}).await?;
    let all = import::invent(2 * people, people as u64, now)?;
    let (women, men): (Vec<Profile>, Vec<Profile>) = all
        .into_iter()
        .partition(|one| one.candidate.gender == Gender::Female);
    let callers: Vec<Profile> = men.into_iter().take(DRAWS).collect();
    import::people(&world.stack, &women)?;
    import::people(&world.stack, &callers)?;
    let mut watch = world.stack.aws().watch();
    let client = Client::new(world.stack.url());
    let (mut costs, mut again, mut seconds) = (Vec::new(), 0, 0.0);
    let mut by_operation: BTreeMap<String, f64> = BTreeMap::new();
    for me in &callers {
        let token = import::access_token(&world.stack, me).await?;
        drain(&mut watch);
        let started = Instant::now();
        let answer = client.send("GET", PATH, Some(&token), None).await?;
        seconds += started.elapsed().as_secs_f64();
        if answer.body.as_array().map(Vec::len) != Some(A_DAY) {
            return Err(format!("a list of another length: {}", answer.body));
        }
        let exchanges: Vec<Exchange> = drain(&mut watch);
        for exchange in &exchanges {
            *by_operation.entry(exchange.operation.clone()).or_default() += 1.0 / DRAWS as f64;
        }
        costs.push(cost(&exchanges));
        client.send("GET", PATH, Some(&token), None).await?;
        again = again.max(drain(&mut watch).len());
    }
    let occupied = occupied(&women)?;
    let started = Instant::now();
    for me in &callers {
        let scored = visits(&me.candidate, today, occupied.iter().copied()).map_err(sentence)?;
        black_box(BinaryHeap::from(scored));
    }
    Ok(Draws {
        people,
        costs,
        again,
        milliseconds: seconds * 1_000.0 / DRAWS as f64,
        partitions: occupied.len(),
        scoring: started.elapsed().as_secs_f64() * 1_000.0 / DRAWS as f64,
        by_operation,
    })
}

fn occupied(people: &[Profile]) -> Result<Vec<Partition>, String> {
    let mut partitions = HashSet::new();
    for one in people {
        let candidate = &one.candidate;
        partitions.insert(Partition {
            gender: candidate.gender,
            wanted: candidate.wanted(),
            bucket: candidate.birth().map_err(sentence)?.bucket(),
        });
    }
    Ok(partitions.into_iter().collect())
}

fn print_draws(measured: &[Draws]) -> bool {
    let mut head = vec!["a draw from a pool of".to_owned()];
    head.extend(measured.iter().map(|one| thousands(one.people as u64)));
    head.extend(["limit".to_owned(), String::new()]);
    let mut rows = Vec::new();
    let mut all_kept = true;
    let mut row = |name: &str, value: &dyn Fn(&Draws) -> f64, limit: Limit| {
        let values: Vec<f64> = measured.iter().map(value).collect();
        let (text, kept) = match limit {
            Limit::AtMost(most) => {
                let kept = values.iter().all(|value| *value <= most);
                (format!("≤ {}", short(most)), Some(kept))
            }
            Limit::FlatOrFalling => {
                let kept = values.windows(2).all(|pair| pair[1] <= pair[0] * FLAT);
                ("flat or falling".to_owned(), Some(kept))
            }
            Limit::None => (String::new(), None),
        };
        all_kept &= kept.unwrap_or(true);
        let mut cells = vec![name.to_owned()];
        cells.extend(values.iter().map(|value| short(*value)));
        cells.extend([text, kept.map(verdict).unwrap_or_default()]);
        rows.push(cells);
    };
    let mean = |one: &Draws, of: fn(&Cost) -> f64| {
        one.costs.iter().map(of).sum::<f64>() / one.costs.len() as f64
    };
    let most = |one: &Draws| {
        one.costs
            .iter()
            .map(|cost| cost.requests)
            .max()
            .unwrap_or(0)
    };
    row(
        "DynamoDB requests, mean",
        &|one| mean(one, |cost| cost.requests as f64),
        Limit::FlatOrFalling,
    );
    row(
        "DynamoDB requests, most",
        &|one| most(one) as f64,
        Limit::AtMost(MOST_REQUESTS as f64),
    );
    for operation in ["BatchGetItem", "Query", "TransactWriteItems"] {
        row(
            &format!("· {operation}"),
            &|one| one.by_operation.get(operation).copied().unwrap_or(0.0),
            Limit::None,
        );
    }
    row(
        "read units, mean",
        &|one| mean(one, |cost| cost.read),
        Limit::FlatOrFalling,
    );
    row(
        "write units, mean",
        &|one| mean(one, |cost| cost.write),
        Limit::FlatOrFalling,
    );
    row(
        "requests to see the list again",
        &|one| one.again as f64,
        Limit::AtMost(2.0),
    );
    row(
        "occupied births, scored in memory",
        &|one| one.partitions as f64,
        Limit::None,
    );
    row("· which takes, ms", &|one| one.scoring, Limit::None);
    row(
        "the whole draw over HTTP, ms",
        &|one| one.milliseconds,
        Limit::None,
    );
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(&head, &rows);
    all_kept
}

enum Limit {
    AtMost(f64),
    FlatOrFalling,
    None,
}

/// How often the best five by score, before exposure is spread, are those of a comparison with
/// everybody: of people who say no more than they must, and of people who say ages and places.
async fn exactness(now: Timestamp, today: Date) -> Result<bool, String> {
    let plain = import::invent(2 * COMPARED, 1, now)?;
    let mut choosy = plain.clone();
    for (number, one) in choosy.iter_mut().enumerate() {
        one.candidate.preferences = Preferences {
            gender: None,
            min_age: (number % 3 == 0).then_some(22 + (number % 7) as u8),
            max_age: (number % 4 == 0).then_some(32 + (number % 9) as u8),
            location: match number % 20 {
                3 => one.candidate.location.clone(),
                _ => None,
            },
        };
    }
    let (exact, total) = compare(&plain, now, today).await?;
    let (choosy_exact, choosy_total) = compare(&choosy, now, today).await?;
    println!();
    let row = |name: &str, exact: usize, total: usize, limit: bool| {
        let (limit, kept) = match limit {
            true => (format!("{total}"), verdict(exact == total)),
            false => (String::new(), String::new()),
        };
        vec![name.to_owned(), format!("{exact} of {total}"), limit, kept]
    };
    let rows = [
        row("everybody takes any age and place", exact, total, true),
        row(
            "a third say an age, one in twenty their place",
            choosy_exact,
            choosy_total,
            false,
        ),
    ];
    let people = format!("the best five of {} are found", thousands(COMPARED as u64));
    table(&[&people, "trials", "limit", ""], &rows);
    Ok(exact == total)
}

async fn compare(
    people: &[Profile],
    now: Timestamp,
    today: Date,
) -> Result<(usize, usize), String> {
    let world = World::start(now, |_| {}).await?;
    import::people(&world.stack, people)?;
    let table = profile::table(&world.app(FUNCTION)?).map_err(sentence)?;
    let sides: Vec<_> = people
        .iter()
        .map(|one| one.candidate.side().map_err(sentence))
        .collect::<Result<_, _>>()?;
    let suit = |me: &Candidate, other: &Candidate| {
        me.user_id != other.user_id && me.accepts(other, today) && other.accepts(me, today)
    };
    let near = |me: &Candidate, other: &Candidate| widenings(me, other.age(today), today) == 0;
    let (mut exact, mut total) = (0, 0);
    for (me, mine) in people.iter().zip(&sides).step_by(people.len() / TRIALS) {
        let me = &me.candidate;
        let found = candidates(&table, me, today).await.map_err(sentence)?;
        let found = found.iter().map(|one| one.score).take(A_DAY);
        let mut all: Vec<u8> = people
            .iter()
            .zip(&sides)
            .filter(|(other, _)| suit(me, &other.candidate) && near(me, &other.candidate))
            .map(|(_, theirs)| score_of(mine, theirs))
            .collect();
        all.sort_by_key(|score| Reverse(*score));
        exact += usize::from(found.eq(all.into_iter().take(A_DAY)));
        total += 1;
    }
    Ok((exact, total))
}

fn print_exposure([spread, by_score]: [exposure::Exposure; 2]) -> bool {
    let kept = spread.gini <= MOST_GINI;
    let row = |name: &str, one: exposure::Exposure, limit: [String; 2]| {
        let mut cells = vec![
            name.to_owned(),
            format!("{:.3}", one.gini),
            format!("{:.2}", one.score),
            thousands(one.never as u64),
            thousands(one.most),
        ];
        cells.extend(limit);
        cells
    };
    println!();
    let name = format!(
        "{} people, {} days",
        thousands(exposure::PEOPLE as u64),
        exposure::DAYS
    );
    table(
        &[
            &name,
            "Gini",
            "mean score",
            "never shown",
            "most shown",
            "Gini's limit",
            "",
        ],
        &[
            row(
                "score − shown / 2",
                spread,
                [format!("≤ {MOST_GINI}"), verdict(kept)],
            ),
            row("the score alone", by_score, Default::default()),
        ],
    );
    kept
}
