//! How small and quick the functions' binaries are, under a Runtime API as Lambda's and with the
//! embedded stand-ins; beside them a function of `lambda_runtime` and nothing else, and `rooms-enroll`
//! written in JavaScript.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use clap::Args;
use enishi_local::{
    clock::LocalClock,
    stack::root,
    stripe::{SIGNING_SECRET, signature},
};
use enishi_rooms::{seating::Member, slot::Slot};
use flate2::{Compression, write::DeflateEncoder};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::{
    client::Client,
    process::peak_kilobytes,
    report::{table, verdict},
    runtime_api::RuntimeApi,
    world::{World, environment, people, sentence},
};

/// Where the binaries are.
#[derive(Args)]
pub struct Options {
    /// The folder of the built functions: `<name>`, or `<name>/bootstrap`. `target/lambda` of this
    /// repository unless told.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// How often each is started.
    #[arg(long, default_value_t = 15)]
    starts: usize,
}

/// Warm invocations of the last process started.
const WARM: usize = 200;
/// Limits: MB of a binary, MB zipped, times a bare binary from start to the first poll, MB of memory
/// at the highest.
const SIZE: f64 = 8.0;
const ZIPPED: f64 = 3.5;
const START: f64 = 2.0;
const MEMORY: f64 = 7.0;
/// What argon2id takes on top, in MB: 19 MiB.
const ARGON2: f64 = 20.0;

/// How what is measured is built.
const BUILD: &str = "build the functions first, as they are deployed: cargo lambda build --release --target \
     x86_64-unknown-linux-musl -p enishi-rooms -p enishi-identity -p enishi-payments --bin rooms-enroll \
     --bin rooms-meeting-url --bin rooms-assign --bin identity-login --bin payments-webhook, then the same \
     with -p enishi-platform -p enishi-payments --examples";

/// A program to be measured.
struct Subject {
    name: &'static str,
    function: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    /// What is deployed of it.
    deployed: PathBuf,
    events: Vec<Value>,
    /// The memory it may take at most, in MB; none for what is only compared with.
    memory: Option<f64>,
}

struct Measured {
    size: f64,
    zipped: f64,
    start: f64,
    first: f64,
    warm: f64,
    memory: f64,
}

/// Measures and prints; whether all limits are kept.
pub async fn run(options: &Options) -> Result<bool, String> {
    let world = World::start(Timestamp::now(), |stack| {
        stack.clock = LocalClock::system();
        for rate in ["LoginRate", "LoginAccountRate", "LoginAddressRate"] {
            stack.parameters.insert(rate.into(), "999999/1h".into());
        }
    })
    .await?;
    let binaries = match &options.binaries {
        Some(binaries) => binaries.clone(),
        None => root().join("target/lambda"),
    };

    let mut subjects = subjects(&world, &binaries, options.starts + WARM).await?;
    match javascript() {
        Ok(bundle) => {
            let events = enrollments(&world, options.starts + WARM, 2).await?;
            subjects.push(Subject {
                name: "rooms-enroll in JavaScript",
                function: "RoomsEnroll",
                program: "node".into(),
                arguments: vec![bundle.display().to_string()],
                deployed: bundle,
                events,
                memory: None,
            });
        }
        Err(sentence) => eprintln!("without JavaScript: {sentence}"),
    }
    let mut rows = Vec::new();
    let mut all_kept = true;
    let (mut bare, mut ours, mut theirs) = (None, None, None);
    for subject in &subjects {
        eprintln!("{} …", subject.name);
        let measured = measure(&world, subject, options.starts).await?;
        let start = *bare.get_or_insert(START * measured.start);
        if rows.is_empty() {
            rows.push(limits(start));
        }
        let kept = subject.memory.map(|memory| {
            measured.size <= SIZE
                && measured.zipped <= ZIPPED
                && measured.start <= start
                && measured.memory <= memory
        });
        all_kept &= kept.unwrap_or(true);
        rows.push(row(subject.name, &measured, kept));
        match subject.name {
            "rooms-enroll" => ours = Some(measured),
            "rooms-enroll in JavaScript" => theirs = Some(measured),
            _ => {}
        }
    }
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        let times = |theirs: f64, ours: f64| format!("× {:.1}", theirs / ours);
        rows.push(vec![
            "JavaScript to Rust".into(),
            String::new(),
            String::new(),
            times(theirs.start, ours.start),
            times(theirs.first, ours.first),
            times(theirs.start + theirs.first, ours.start + ours.first),
            times(theirs.warm, ours.warm),
            times(theirs.memory, ours.memory),
            String::new(),
        ]);
    }
    let head = [
        "a function's binary",
        "size",
        "zipped",
        "start to first poll",
        "first invocation",
        "both",
        "warm invocation",
        "peak memory",
        "",
    ];
    table(&head, &rows);
    println!(
        "\nMedians of {} starts and of {WARM} warm invocations; memory at its highest in all of \
         those. AWS's\nstand-ins answer over plain HTTP on this machine. identity-login may take 19 \
         MiB more: argon2id's. The JavaScript is bundled\nand minified; its size is without Node.",
        options.starts
    );
    Ok(all_kept)
}

fn limits(start: f64) -> Vec<String> {
    vec![
        "limit".into(),
        format!("≤ {SIZE} MB"),
        format!("≤ {ZIPPED} MB"),
        format!("≤ {start:.1} ms"),
        String::new(),
        String::new(),
        String::new(),
        format!("≤ {MEMORY} MB"),
        String::new(),
    ]
}

fn row(name: &str, it: &Measured, kept: Option<bool>) -> Vec<String> {
    vec![
        name.to_owned(),
        format!("{:.1} MB", it.size),
        format!("{:.1} MB", it.zipped),
        format!("{:.1} ms", it.start),
        format!("{:.1} ms", it.first),
        format!("{:.1} ms", it.start + it.first),
        format!("{:.2} ms", it.warm),
        format!("{:.1} MB", it.memory),
        kept.map(verdict).unwrap_or_default(),
    ]
}

async fn subjects(
    world: &World,
    binaries: &Path,
    invocations: usize,
) -> Result<Vec<Subject>, String> {
    let subject = |name: &'static str, function, events, memory| {
        let program = [binaries.join(name), binaries.join(name).join("bootstrap")]
            .into_iter()
            .find(|program| program.is_file())
            .ok_or_else(|| format!("{} holds no {name}; {BUILD}", binaries.display()))?;
        Ok::<_, String>(Subject {
            name,
            function,
            deployed: program.clone(),
            program,
            arguments: Vec::new(),
            events,
            memory,
        })
    };
    let slot = slot_in(world, 1)?;
    Ok(vec![
        // First: the others' starts are measured by its.
        subject(
            "bare",
            "PlatformFallback",
            vec![json!({}); invocations],
            None,
        )?,
        subject(
            "rooms-enroll",
            "RoomsEnroll",
            enrollments(world, invocations, 1).await?,
            Some(MEMORY),
        )?,
        subject(
            "rooms-meeting-url",
            "RoomsMeetingUrl",
            questions(world, &slot, invocations).await?,
            Some(MEMORY),
        )?,
        subject(
            "rooms-assign",
            "RoomsAssign",
            vec![json!({"scheduled_time": slot.drawn_at()}); invocations],
            Some(MEMORY),
        )?,
        subject(
            "identity-login",
            "IdentityLogin",
            log_ins(world, invocations).await?,
            Some(MEMORY + ARGON2),
        )?,
        subject(
            "payments-webhook",
            "PaymentsWebhook",
            webhooks(world, invocations)?,
            Some(MEMORY),
        )?,
        // Opens a Checkout, as a service does.
        subject(
            "checkout",
            "PaymentsLedger",
            checkouts(invocations),
            Some(MEMORY),
        )?,
    ])
}

/// The slot that is so many days ahead of the next.
fn slot_in(world: &World, days: i64) -> Result<Slot, String> {
    let time = Timestamp::now() + (days * 24).hours();
    let slot = world.slots()?.next(time);
    slot.ok_or_else(|| "there is no slot".to_owned())
}

fn sample(name: &str) -> Result<Value, String> {
    let file = root().join("events").join(name);
    let text = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(sentence)
}

fn with_body(mut event: Value, body: &Value) -> Value {
    let body = body.to_string();
    event["headers"]["content-length"] = body.len().to_string().into();
    event["body"] = body.into();
    event
}

/// As many people who enroll for a slot that is not drawn.
async fn enrollments(world: &World, count: usize, from: usize) -> Result<Vec<Value>, String> {
    let slot = slot_in(world, 2)?;
    let mut sample = sample("rooms-enroll.json")?;
    if let Some(headers) = sample["headers"].as_object_mut() {
        headers.remove("idempotency-key");
    }
    let mut events = Vec::new();
    for member in people(count + from).iter().take(count) {
        let mut event = with_body(sample.clone(), &json!({"date": slot.date()}));
        let token = world.token(member).await?;
        event["headers"]["authorization"] = format!("Bearer {token}").into();
        events.push(event);
    }
    Ok(events)
}

/// A thousand people are drawn; one of them asks for the room.
async fn questions(world: &World, slot: &Slot, count: usize) -> Result<Vec<Value>, String> {
    let people = people(1_000);
    world.import(people.iter().map(|member| world.enrollment(member, slot)))?;
    let tick = json!({"scheduled_time": slot.drawn_at()});
    world.stack.lambda().invoke("RoomsAssign", tick).await?;
    let member = people.first().ok_or("nobody")?;
    let mut event = sample("rooms-meeting-url.json")?;
    event["rawPath"] = format!("/meeting_url/{}", member.user_id).into();
    event["requestContext"]["http"]["path"] = event["rawPath"].clone();
    event["pathParameters"]["user_id"] = member.user_id.to_string().into();
    event["rawQueryString"] = format!("date={}", slot.date()).into();
    event["queryStringParameters"] = json!({"date": slot.date()});
    let token = world.token(member).await?;
    event["headers"]["authorization"] = format!("Bearer {token}").into();
    Ok(vec![event; count])
}

async fn log_ins(world: &World, count: usize) -> Result<Vec<Value>, String> {
    let account = json!({
        "username": "hana", "email": "hana@example.jp", "password": "a quiet morning at nine",
    });
    let client = Client::new(world.stack.url());
    client.send("POST", "/signup", None, Some(account)).await?;
    let body = json!({"email": "hana@example.jp", "password": "a quiet morning at nine"});
    Ok(vec![
        with_body(sample("identity-login.json")?, &body);
        count
    ])
}

/// As many events of Stripe's.
fn webhooks(world: &World, count: usize) -> Result<Vec<Value>, String> {
    let now = world.stack.clock().now();
    let sample = sample("payments-webhook.json")?;
    let event = |number: usize| {
        let body = json!({
            "id": format!("evt_{number}"), "object": "event", "type": "account.updated",
            "created": now.as_second(), "livemode": false,
            "data": {"object": {"id": "acct_1", "object": "account"}},
        });
        let mut event = with_body(sample.clone(), &body);
        let signature = signature(&body.to_string(), SIGNING_SECRET, now);
        event["headers"]["stripe-signature"] = signature.into();
        event
    };
    Ok((0..count).map(event).collect())
}

/// As many payments to be opened.
fn checkouts(count: usize) -> Vec<Value> {
    let payer = |member: Member| json!({"payer": member.user_id, "amount": 3_000});
    let mut events: Vec<Value> = people(count).into_iter().map(payer).collect();
    for event in &mut events {
        event["payment_id"] = event["payer"].clone();
    }
    events
}

/// Bundles the JavaScript, in `target/`.
fn javascript() -> Result<PathBuf, String> {
    let source = root().join("infra/bench/node");
    let built = root().join("target/bench-node");
    std::fs::create_dir_all(&built).map_err(sentence)?;
    for file in ["package.json", "index.mjs"] {
        std::fs::copy(source.join(file), built.join(file)).map_err(sentence)?;
    }
    let run = |program: &str, arguments: &[&str]| {
        let outcome = Command::new(program)
            .args(arguments)
            .current_dir(&built)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match outcome {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{program} ended with {status}")),
            Err(error) => Err(format!("{program}: {error}")),
        }
    };
    if !built.join("node_modules").is_dir() {
        run("npm", &["install", "--no-audit", "--no-fund"])?;
    }
    run(
        "npx",
        &[
            "--no-install",
            "esbuild",
            "index.mjs",
            "--bundle",
            "--minify",
            "--platform=node",
            "--target=node20",
            "--format=esm",
            "--banner:js=import{createRequire}from'module';const require=createRequire(import.meta.url);",
            "--outfile=bundle.mjs",
        ],
    )?;
    Ok(built.join("bundle.mjs"))
}

/// A process under the Runtime API; it ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn measure(world: &World, subject: &Subject, starts: usize) -> Result<Measured, String> {
    let mut environment: BTreeMap<String, String> =
        environment(&world.stack, subject.function)?.clone();
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", subject.name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    let (mut started, mut first) = (Vec::new(), Vec::new());
    let mut events = subject.events.iter();
    let mut last = None;
    for _ in 0..starts {
        drop(last.take());
        let mut api = RuntimeApi::start().await?;
        let begun = Instant::now();
        let child = Command::new(&subject.program)
            .args(&subject.arguments)
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .envs(&environment)
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", subject.program.display()))?;
        let child = Process(child);
        let polled = api.polled().await?;
        started.push(polled.duration_since(begun).as_secs_f64() * 1_000.0);
        first.push(invoke(&mut api, events.next()).await?);
        last = Some((api, child));
    }
    let (mut api, child) = last.ok_or("it was not started")?;
    let mut warm = Vec::new();
    for _ in 0..WARM {
        api.polled().await?;
        warm.push(invoke(&mut api, events.next()).await?);
    }
    let deployed = std::fs::read(&subject.deployed).map_err(sentence)?;
    let mut zipped = DeflateEncoder::new(Vec::new(), Compression::best());
    zipped.write_all(&deployed).map_err(sentence)?;
    let zipped = zipped.finish().map_err(sentence)?;
    Ok(Measured {
        size: deployed.len() as f64 / 1e6,
        zipped: zipped.len() as f64 / 1e6,
        start: median(started),
        first: median(first),
        warm: median(warm),
        memory: peak_kilobytes(&child.0.id().to_string()) as f64 * 1024.0 / 1e6,
    })
}

/// Milliseconds of one invocation that succeeds.
async fn invoke(api: &mut RuntimeApi, event: Option<&Value>) -> Result<f64, String> {
    let event = event.ok_or("there are no more events")?;
    let (answer, millis) = api.invoke(event.to_string()).await?;
    match answer["statusCode"].as_u64() {
        Some(status) if status >= 300 => Err(format!("it answered {answer}")),
        _ => Ok(millis),
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
