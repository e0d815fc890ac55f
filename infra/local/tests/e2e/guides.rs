//! The guides of `/docs`: the examples of each, pasted into one shell in their order, answer what the guide says.
//!
//! A block `sh` is run as it stands, but for the addresses of a local stack. The numbers behind `sh` are the statuses
//! of its `curl`s, in their order; without them every one is 200. The block `json` behind it is what it prints, in which
//! `…` stands for any text, and objects and lists may hold more.

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use enishi_local::Options;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::World;

/// Ends what a block has printed.
const END: &str = "-- that was all";
/// What the shell knows beside the guide: `curl` tells its status, `cargo run` is this build.
const PREAMBLE: &str = r#"
set -u
curl() { command curl --show-error --write-out '%{stderr}%{http_code} %{method} %{url}\n' "$@" 2>> statuses; }
cargo() { shift 2; "$ENISHI" --aws-port "$AWS_PORT" "$@"; }
"#;

struct Example {
    /// Where its command begins.
    line: usize,
    command: String,
    statuses: Vec<String>,
    answer: Option<Value>,
}

/// The blocks of a guide.
fn examples(guide: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = guide.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let text: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| *line != "```")
            .collect();
        let text = text.join("\n");
        let mut words = kind.split(' ');
        match words.next() {
            Some("sh") => examples.push(Example {
                line: at + 2,
                statuses: words.map(str::to_owned).collect(),
                command: text,
                answer: None,
            }),
            Some("json") => {
                let answer = serde_json::from_str(&text);
                let answer = answer.unwrap_or_else(|error| panic!("line {}: {error}", at + 2));
                examples.last_mut().unwrap().answer = Some(answer);
            }
            _ => {}
        }
    }
    examples
}

/// Whether an answer is as it is shown.
fn is_as_shown(answer: &Value, shown: &Value) -> bool {
    match (answer, shown) {
        (Value::String(_), Value::String(any)) if any == "…" => true,
        (Value::Object(answer), Value::Object(shown)) => shown
            .iter()
            .all(|(name, shown)| answer.get(name).is_some_and(|it| is_as_shown(it, shown))),
        (Value::Array(answer), Value::Array(shown)) => shown
            .iter()
            .all(|shown| answer.iter().any(|it| is_as_shown(it, shown))),
        _ => answer == shown,
    }
}

/// A shell in a folder of its own.
struct Shell {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    folder: TempDir,
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shell {
    fn new(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("bash")
            .current_dir(&folder)
            .env("ENISHI", env!("CARGO_BIN_EXE_enishi"))
            .env("AWS_PORT", world.stack.aws_port().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs bash and curl");
        let mut input = child.stdin.take().unwrap();
        input.write_all(PREAMBLE.as_bytes()).unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            input,
            output,
            folder,
        }
    }

    /// Runs a command; what it prints, and what its `curl`s told.
    fn run(&mut self, command: &str) -> (String, Vec<String>) {
        let statuses = self.folder.path().join("statuses");
        std::fs::write(&statuses, "").unwrap();
        writeln!(self.input, "{command}\necho; echo '{END}'").unwrap();
        let mut printed = String::new();
        for line in self.output.by_ref() {
            let line = line.unwrap();
            if line == END {
                let told = std::fs::read_to_string(&statuses).unwrap();
                return (printed, told.lines().map(str::to_owned).collect());
            }
            printed += &line;
            printed += "\n";
        }
        panic!("the shell has ended in {command}\n{printed}");
    }
}

/// Goes through a guide.
async fn follow(guide: &str, change: impl FnOnce(&mut Options)) {
    let world = World::with(change).await;
    world.operator().await;
    let examples = examples(guide);
    assert!(!examples.is_empty());
    let mut shell = Shell::new(&world);
    for example in examples {
        let command = example
            .command
            .replace("http://localhost:3000", &world.stack.url())
            .replace("http://127.0.0.1:3001", &world.stack.aws_url());
        // The stack serves meanwhile.
        let run = move || {
            let told = shell.run(&command);
            (told, shell)
        };
        let ((printed, told), same) = tokio::task::spawn_blocking(run).await.unwrap();
        shell = same;
        let here = format!(
            "line {}:\n{}\n{told:#?}\n{printed}",
            example.line, example.command
        );
        let statuses: Vec<&str> = told
            .iter()
            .map(|line| line.split(' ').next().unwrap())
            .collect();
        match example.statuses.is_empty() {
            true => assert!(statuses.iter().all(|status| *status == "200"), "{here}"),
            false => assert_eq!(statuses, example.statuses, "{here}"),
        }
        if let Some(shown) = example.answer {
            let answer: Value = serde_json::from_str(&printed)
                .unwrap_or_else(|error| panic!("{here}\nis no JSON: {error}"));
            assert!(is_as_shown(&answer, &shown), "{here}\ninstead of {shown}");
        }
        // What follows from it has happened before somebody goes on reading.
        world.stack.stripe().deliver().await;
        world.stack.settle().await;
    }
    world.nothing_given_up();
}

macro_rules! guide {
    ($name:ident) => {
        guide!($name, |_| {});
    };
    ($name:ident, $change:expr) => {
        #[tokio::test]
        async fn $name() {
            let guide = include_str!(concat!("../../../web/guides/", stringify!($name), ".md"));
            follow(guide, $change).await;
        }
    };
}

guide!(start);
guide!(identity);
guide!(rooms);
guide!(live);
guide!(saju);
guide!(visits);
guide!(payments);
guide!(market);
guide!(orgs, |options| {
    for (name, value) in [("OrgFreeSeats", "3"), ("OrgFreeSeconds", "600")] {
        options.parameters.insert(name.into(), value.into());
    }
});

#[test]
fn an_answer_may_hold_more_than_is_shown_but_nothing_else() {
    let shown = serde_json::json!({"id": "…", "list": [{"seq": 1}]});
    let fits = |answer| is_as_shown(&answer, &shown);
    assert!(fits(
        serde_json::json!({"id": "a", "list": [{"seq": 2}, {"seq": 1, "b": 2}], "c": 3})
    ));
    assert!(!fits(serde_json::json!({"id": null, "list": [{"seq": 1}]})));
    assert!(!fits(serde_json::json!({"id": "a", "list": [{"seq": 2}]})));
    assert!(!fits(serde_json::json!({"list": [{"seq": 1}]})));
}
