//! `cargo run`: the whole system on this machine.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, time::Instant};

use clap::{Parser, Subcommand};
use enishi_local::{
    Options, Stack,
    chime::Quotas,
    client::Client,
    clock::LocalClock,
    demo, import,
    keys::Keys,
    new, places, seed,
    stack::{OPERATOR_PASSWORD, plain_http, root, template_path},
    terminal,
};
use enishi_shared::{UserId, app::TimeLimits, password::Cost};
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

/// Where a stack's AWS port is unless somebody chooses another.
const AWS_PORT: u16 = 3001;
/// Where the front end is: the template's `FrontendUrl`.
const WEB_PORT: u16 = 5173;

/// Enishi on this machine: reads template.yaml and starts everything in it.
#[derive(Parser)]
#[command(name = "enishi", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The port of the API.
    #[arg(long, default_value_t = 3000, global = true)]
    port: u16,
    /// The port at which AWS SDKs reach the stand-ins.
    #[arg(long, default_value_t = AWS_PORT, global = true)]
    aws_port: u16,
    /// The port of the front end; without one, nothing is served where the parameter FrontendUrl is given, else 5173.
    #[arg(long, global = true)]
    web_port: Option<u16>,
    /// The port of the console.
    #[arg(long, default_value_t = 3002, global = true)]
    console_port: u16,
    /// Where everything is kept.
    #[arg(long, global = true)]
    directory: Option<PathBuf>,
    /// Empties that folder first.
    #[arg(long)]
    fresh: bool,
    /// The template to run; those of its nested stacks lie below its folder.
    #[arg(long)]
    template: Option<PathBuf>,
    /// Gives a parameter of the template another value, `Name=value`.
    #[arg(long = "parameter", value_parser = parameter)]
    parameters: Vec<(String, String)>,
}

#[derive(Subcommand)]
enum Command {
    /// Plays a product through its API, in memory.
    Demo {
        /// Which: three mornings of rooms, a match of saju with its chat, or visits from the sign-up to the money.
        #[arg(value_enum, default_value_t = Product::Rooms)]
        product: Product,
    },
    /// Fills the running stack with people, mornings, chats, shops and organisations.
    Seed {
        /// Which people: the same number makes the same ones again.
        #[arg(long, default_value_t = 1)]
        seed: u32,
        /// How many there are in rooms, and how many in saju; the others follow from it.
        #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(seed::PEOPLE))]
        people: u32,
    },
    /// Fires a scheduled function of the running stack, such as rooms-assign.
    Fire {
        /// The function.
        function: String,
        /// The scheduled time, such as 2026-11-21T08:50:00+09:00; now unless told.
        #[arg(long)]
        at: Option<Timestamp>,
    },
    /// Opens a Checkout of the running stack, as a service does, and shows where to pay.
    Checkout {
        /// Who pays: a `user_id`.
        payer: UserId,
        /// How much, in yen.
        #[arg(default_value_t = 3000)]
        amount: i64,
    },
    /// Shows the running stack's clock, or sets it; it runs on from there.
    Clock {
        /// A time such as 2026-11-21T08:49:55+09:00, or `system`.
        time: Option<String>,
    },
    /// Makes the keys of an installation.
    Keys,
    /// Writes what follows from template.yaml and the handlers: the OpenAPI document, the binaries,
    /// and cargo-lambda's routes and access keys.
    #[command(alias = "openapi")]
    Generate,
    /// Writes a new endpoint, wherever it stands; what it is for is then filled in.
    New {
        /// Its function, `<service>-<use-case>`, such as rooms-notes.
        name: String,
        /// GET, POST, PUT, PATCH or DELETE.
        method: String,
        /// Its path, such as /rooms/{room_id}/notes.
        path: String,
    },
}

/// What has a demo.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Product {
    Rooms,
    Saju,
    Visits,
    Market,
    Orgs,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "a parameter is written Name=value".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let started = Instant::now();
    let arguments = Arguments::parse();
    let quiet = matches!(
        arguments.command,
        Some(Command::Demo { .. } | Command::Seed { .. })
    );
    let least = if quiet {
        LevelFilter::ERROR
    } else {
        LevelFilter::INFO
    };
    let clock = LocalClock::system();
    terminal::tell(least, clock.clone());
    let outcome = match &arguments.command {
        None => run(arguments, clock, started).await,
        Some(Command::Demo { product }) => match product {
            Product::Rooms => demo::run().await,
            Product::Saju => demo::saju::run().await,
            Product::Visits => demo::visits::run().await,
            Product::Market => demo::market::run().await,
            Product::Orgs => demo::orgs::run().await,
        },
        Some(Command::Seed { seed, people }) => {
            let options = seed::Options {
                port: arguments.port,
                aws_port: arguments.aws_port,
                web_port: arguments.web_port.unwrap_or(WEB_PORT),
                console_port: arguments.console_port,
                number: (*seed).into(),
                people: *people as usize,
            };
            seed::run(options).await
        }
        Some(Command::Fire { function, at }) => {
            let path = format!("fire/{function}");
            ask(&arguments, "POST", &path, Some(json!({"at": at}))).await
        }
        Some(Command::Checkout { payer, amount }) => {
            let body = json!({"user_id": payer, "amount": amount});
            ask(&arguments, "POST", "checkout", Some(body)).await
        }
        Some(Command::Clock { time: None }) => ask(&arguments, "GET", "clock", None).await,
        Some(Command::Clock { time: Some(time) }) => {
            match (time.as_str(), time.parse::<Timestamp>()) {
                ("system", _) => ask(&arguments, "PUT", "clock", Some(json!({"time": null}))).await,
                (_, Ok(time)) => ask(&arguments, "PUT", "clock", Some(json!({"time": time}))).await,
                (_, Err(_)) => Err(format!(
                    "{time} is no time; write it like 2026-11-21T08:49:55+09:00"
                )),
            }
        }
        Some(Command::Keys) => print_keys(),
        Some(Command::Generate) => places::generate(),
        Some(Command::New { name, method, path }) => write_new(name, method, path),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments, clock: LocalClock, started: Instant) -> Result<(), String> {
    let directory = directory(&arguments);
    let parameters: BTreeMap<String, String> = arguments.parameters.into_iter().collect();
    // Another front end is somebody else's to serve.
    let own = !parameters.contains_key("FrontendUrl");
    let stack = Stack::start(Options {
        port: arguments.port,
        aws_port: arguments.aws_port,
        web_port: arguments.web_port.or(own.then_some(WEB_PORT)),
        console_port: Some(arguments.console_port),
        directory: Some(directory.clone()),
        copy_of: None,
        fresh: arguments.fresh,
        template: arguments.template.unwrap_or_else(template_path),
        parameters,
        clock,
        quotas: Quotas::default(),
        automatic: true,
        seed: None,
        connections: plain_http(),
        limits: TimeLimits::default(),
        password_cost: Cost::default(),
    })
    .await?;
    write_environment(&stack, &directory)?;
    let operator = import::operator(&stack)?;
    welcome(&stack, operator, &directory, started);
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| error.to_string())
}

fn directory(arguments: &Arguments) -> PathBuf {
    arguments
        .directory
        .clone()
        .unwrap_or_else(|| root().join(".enishi"))
}

/// What a function that cargo-lambda runs needs to reach this stack, for `--env-file`.
fn write_environment(stack: &Stack, directory: &std::path::Path) -> Result<(), String> {
    let mut variables = BTreeMap::new();
    for environment in stack.environment().values() {
        variables.extend(environment.clone());
    }
    // Each function has its own; Cargo.toml gives it.
    variables.remove("AWS_ACCESS_KEY_ID");
    let text: String = variables
        .iter()
        .map(|(name, value)| format!("{name}='{value}'\n"))
        .collect();
    let file = directory.join("lambda.env");
    std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
}

#[allow(clippy::print_stdout)]
fn welcome(stack: &Stack, operator: Option<&str>, directory: &std::path::Path, started: Instant) {
    let (url, aws) = (stack.url(), stack.aws_url());
    let system = stack.system();
    let command = match stack.aws_port() {
        AWS_PORT => "cargo run --".to_owned(),
        port => format!("cargo run -- --aws-port {port}"),
    };
    let clock = match stack.clock().ahead().is_zero() {
        true => String::new(),
        false => format!(
            "\n  clock      {}            as it was set; `{command} clock system` sets it right",
            stack.clock().now().round(Unit::Second).unwrap_or_default()
        ),
    };
    let operator = match operator {
        Some(email) => format!("{email}, password {OPERATOR_PASSWORD} unless it was changed"),
        None => "nobody: OperatorEmails is empty".to_owned(),
    };
    println!(
        "\
Enishi (縁) serves after {milliseconds} ms: {functions} functions, {routes} routes, {tables} tables.

  console    {console}
  API        {url}
  AWS        {aws}            AWS_ENDPOINT_URL of any SDK; access key `developer`, or a function's logical id
  pages      {web}            sign-up, log-in, and one page a product; links in mails lead there
  docs       {url}/docs       guides of five minutes, a reference to try, the errors
  kept in    {directory}      tables, mails, dead letters, keys; --fresh empties it
  operator   {operator}{clock}

Try:
  curl -s {url}/signup -H 'content-type: application/json' \\
    -d '{{\"username\":\"hanako\",\"email\":\"hanako@example.com\",\"password\":\"asagohan-9\"}}'
  TOKEN=… USER_ID=…   # its access_token and user_id
  curl -s {url}/register/ -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' \\
    -d '{{\"date\":\"{tomorrow}\"}}'
  {command} fire rooms-assign --at {tomorrow}T08:50:00+09:00
  curl -s '{url}/meeting_url/'$USER_ID'?date={tomorrow}' -H \"authorization: Bearer $TOKEN\"
  {command} checkout $USER_ID 3000     # pay on the page it names, then:
  curl -s {url}/api/payments -H \"authorization: Bearer $TOKEN\"
  {command} seed      # people, mornings, chats, shops: every page has something to show
  cargo run -- demo          # three mornings, played in memory
  cargo run -- demo saju     # a match by the four pillars and its chat
  cargo run -- demo visits   # a student and an employee, from the sign-up to an appointment
  cargo run -- demo market   # a maker lists what she makes, a customer finds it
  cargo run -- demo orgs     # an organisation, its members, their projects
",
        web = stack.web_url().unwrap_or_else(|| "none, FrontendUrl is somebody else's".to_owned()),
        console = stack.console_url().unwrap_or_default(),
        milliseconds = started.elapsed().as_millis(),
        functions = system.functions.len(),
        routes = system.routes.len(),
        tables = system.tables.len(),
        directory = directory.display(),
        tomorrow = demo::tomorrow(stack.clock().now()),
    );
}

/// Asks the running stack.
#[allow(clippy::print_stdout)]
async fn ask(
    arguments: &Arguments,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Result<(), String> {
    let base = format!("http://127.0.0.1:{}", arguments.aws_port);
    let client = Client::new(base);
    let (status, answer) = client
        .send(method, &format!("/_enishi/{path}"), None, body)
        .await
        .map_err(|_| {
            format!(
                "no stack answers on port {}; start one with `cargo run`",
                arguments.aws_port
            )
        })?;
    if status == 200 {
        println!("{answer}");
        Ok(())
    } else {
        Err(answer
            .as_str()
            .map_or_else(|| answer.to_string(), str::to_owned))
    }
}

#[allow(clippy::print_stdout)]
fn print_keys() -> Result<(), String> {
    let keys = Keys::generate()?;
    println!(
        "\
# The template's parameter TokenPublicKeys. To rotate, put the new key beside the old one in
# \"keys\", deploy, exchange the secret, and take the old one out after 15 minutes.
{}

# The secret that TokenSigningSecretArn names.
{}

# The secret that JoinTokenSecretArn names.
{}",
        keys.public_keys, keys.token_signing_key, keys.join_token_key
    );
    Ok(())
}

#[allow(clippy::print_stdout)]
fn write_new(name: &str, method: &str, path: &str) -> Result<(), String> {
    let files = new::endpoint(name, method, path)?;
    println!(
        "\
It answers 200 to whoever is logged in. Fill in:
  {}
Then `cargo run -- generate`; the tests say what is still missing, and where:
  cargo test -p enishi-local --test e2e -- consistency:: actors:: budgets:: policies::",
        files.join("\n  ")
    );
    Ok(())
}
