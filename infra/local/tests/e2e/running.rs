//! The stack itself: how it starts, what it keeps, and how a developer reaches into it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use enishi_local::{Options, Stack, client::Client, database::from_json};
use http::{Request, header};
use serde_json::{Value, json};

use crate::support::{EVENING, World, template, text, tokyo, write_template};

mod developer;
mod doors;
mod parameters;
mod restart;
mod seed;
mod services;
mod terminal;

/// `cargo run` as a process, on any ports.
struct Program {
    child: Child,
    api: Client,
    aws_port: String,
    /// What it printed when it was ready.
    screen: String,
    /// What it has told since.
    told: Arc<Mutex<String>>,
}

impl Program {
    fn start(directory: &std::path::Path, more: &[&str]) -> Self {
        let mut child = Self::spawn(directory, more).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut screen = String::new();
        // The last line of the screen.
        while !screen.contains("demo saju") {
            screen += &format!("{}\n", lines.next().expect("the start screen"));
        }
        // Whoever prints to a pipe that nobody reads dies of it.
        std::thread::spawn(move || lines.for_each(drop));
        let told = Arc::new(Mutex::new(String::new()));
        let (hears, stderr) = (Arc::clone(&told), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            let lines = BufReader::new(stderr).lines().map(Result::unwrap);
            lines.for_each(|line| *hears.lock().unwrap() += &format!("{line}\n"));
        });
        let urls: Vec<&str> = screen
            .split([' ', '\n'])
            .filter(|word| word.starts_with("http://"))
            .collect();
        // The console's is the first.
        let api = Client::new(urls[1].to_owned());
        let aws = urls[1..].iter().find(|url| !url.starts_with(urls[1]));
        let aws = aws.unwrap();
        let aws_port = aws.rsplit(':').next().unwrap().to_owned();
        Self {
            child,
            api,
            aws_port,
            screen,
            told,
        }
    }

    fn spawn(directory: &std::path::Path, more: &[&str]) -> std::io::Result<Child> {
        Command::new(env!("CARGO_BIN_EXE_enishi"))
            .args(["--port", "0", "--aws-port", "0", "--web-port", "0"])
            .args(["--console-port", "0"])
            .arg("--directory")
            .arg(directory)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }

    /// The sentence with which a start is refused.
    fn refused(directory: &std::path::Path, more: &[&str]) -> String {
        let mut child = Self::spawn(directory, more).unwrap();
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                panic!("it started");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    /// Another command against this process.
    fn command(&self, arguments: &[&str]) -> Result<Value, String> {
        let output = Command::new(env!("CARGO_BIN_EXE_enishi"))
            .args(["--aws-port", &self.aws_port])
            .args(arguments)
            .output()
            .unwrap();
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).unwrap())
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn account() -> Option<Value> {
    Some(json!({"username": "hana", "email": "hana@example.com", "password": "correct horse"}))
}

#[tokio::test]
async fn what_was_written_outlives_a_restart_and_fresh_empties_it() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path(), &[]);
    let (status, _) = program
        .api
        .send("POST", "/signup", None, account())
        .await
        .unwrap();
    assert_eq!(status, 201);
    drop(program);

    let program = Program::start(directory.path(), &[]);
    let (status, answer) = program
        .api
        .send(
            "POST",
            "/login",
            None,
            Some(json!({
                "username": "hana", "password": "correct horse",
            })),
        )
        .await
        .unwrap();
    assert_eq!(status, 200);
    // The keys are kept too: a token of before is good.
    let token = answer["access_token"].as_str().unwrap().to_owned();
    drop(program);
    let program = Program::start(directory.path(), &[]);
    let (status, _) = program
        .api
        .send("GET", "/me/rooms", Some(&token), None)
        .await
        .unwrap();
    assert_eq!(status, 200);
    drop(program);

    let program = Program::start(directory.path(), &["--fresh"]);
    let (status, _) = program
        .api
        .send("GET", "/me/rooms", Some(&token), None)
        .await
        .unwrap();
    assert_eq!(status, 401);
    let (status, _) = program
        .api
        .send("POST", "/signup", None, account())
        .await
        .unwrap();
    assert_eq!(status, 201);
}

#[tokio::test]
async fn schedules_follow_a_clock_that_is_set_and_fire_on_demand() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path(), &[]);
    program
        .command(&["clock", "2030-03-01T20:00:00+09:00"])
        .unwrap();
    let (_, answer) = program
        .api
        .send("POST", "/signup", None, account())
        .await
        .unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let enrollments = ["2030-03-02", "2030-03-03"];
    for date in enrollments {
        let (status, answer) = program
            .api
            .send(
                "POST",
                "/register/",
                Some(token),
                Some(json!({"date": date})),
            )
            .await
            .unwrap();
        assert_eq!(status, 201, "{answer}");
    }
    let drawn = program
        .command(&["fire", "rooms-assign", "--at", "2030-03-02T08:50:00+09:00"])
        .unwrap();
    assert_eq!(
        drawn,
        json!([{"date": "2030-03-02", "time": "09:00", "enrolled": 1, "rooms": 1}])
    );
    let refused = program.command(&["fire", "rooms-enroll"]).unwrap_err();
    assert!(
        refused.contains("no function rooms-enroll with a schedule"),
        "{refused}"
    );

    // The second morning is drawn by the clock alone.
    program
        .command(&["clock", "2030-03-03T08:49:59+09:00"])
        .unwrap();
    let body = json!({"username": "hana", "password": "correct horse"});
    let (_, answer) = program
        .api
        .send("POST", "/login", None, Some(body))
        .await
        .unwrap();
    let path = format!("/meeting_url/{}", answer["user_id"].as_str().unwrap());
    let token = answer["access_token"].as_str().unwrap();
    let started = Instant::now();
    loop {
        let (_, answer) = program
            .api
            .send("GET", &path, Some(token), None)
            .await
            .unwrap();
        if answer["status"] == "ready" {
            assert_eq!(answer["date"], "2030-03-03");
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_a_stack_commands_say_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_enishi"))
        .args(["clock", "--aws-port", "1"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "no stack answers on port 1; start one with `cargo run`\n"
    );
}

/// The sentence with which a stack refuses to start.
async fn refusal(change: impl FnOnce(&mut Options)) -> String {
    let mut options = Options::in_memory(tokyo(EVENING));
    change(&mut options);
    match Stack::start(options).await {
        Ok(_) => panic!("it started"),
        Err(sentence) => sentence,
    }
}

#[tokio::test]
async fn what_is_in_the_way_of_a_start_is_said_in_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    assert_eq!(
        refusal(|options| options.port = port).await,
        format!(
            "port {port} is taken: another stack may be running; stop it or choose another port \
             with --port"
        )
    );

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let sentence = refusal(|options| options.directory = Some(file.join("below"))).await;
    assert!(sentence.contains("cannot be written to"), "{sentence}");

    let template = template();
    let line = 1 + template
        .lines()
        .position(|line| line.contains("rate(1 minute)"))
        .unwrap();
    let wrong = template.replacen("rate(1 minute)", "rate(1 fortnight)", 1);
    let broken = write_template(directory.path(), &wrong);
    let sentence = refusal(|options| options.template = broken.clone()).await;
    assert!(
        sentence.starts_with(&format!("template.yaml:{line}: ")),
        "{sentence}"
    );

    let wrong = template.replace("target/lambda/rooms-join/", "target/lambda/rooms-joyn/");
    let broken = write_template(directory.path(), &wrong);
    let sentence = refusal(|options| options.template = broken.clone()).await;
    assert!(
        sentence.contains("there is no function `rooms-joyn`"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_changed_index_is_made_anew_and_what_was_written_stays() {
    let directory = tempfile::tempdir().unwrap();
    let start = async |text: &str| {
        let mut options = Options::in_memory(tokyo(EVENING));
        options.directory = Some(directory.path().join("kept"));
        options.template = write_template(directory.path(), text);
        Stack::start(options).await
    };
    let found = |stack: &Stack, index: &str| -> Result<Value, String> {
        let query = json!({
            "TableName": "PaymentsTable", "IndexName": index,
            "KeyConditionExpression": "due = :due",
            "ExpressionAttributeValues": {":due": {"S": "DUE"}},
        });
        let answer = stack.database().query(from_json(query)?);
        let answer = answer.map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(answer).unwrap()["Items"].clone())
    };
    let text = template();
    let (others, ours) = text.split_once("\n  PaymentsTable:\n").unwrap();
    let (before, due) = ours.split_once("- IndexName: due\n").unwrap();
    let changed = |name: &str, projection: &str| {
        let due = due.replacen("ProjectionType: KEYS_ONLY", projection, 1);
        format!("{others}\n  PaymentsTable:\n{before}- IndexName: {name}\n{due}")
    };

    let stack = start(&text).await.unwrap();
    let mut item = json!({
        "pk": {"S": "one"}, "sk": {"S": "ONE"},
        "due": {"S": "DUE"}, "due_at": {"N": "1"}, "color": {"S": "red"},
    });
    let put = from_json(json!({"TableName": "PaymentsTable", "Item": item})).unwrap();
    stack.database().put_item(put).unwrap();
    stack.stop();

    let stack = start(&changed("due", "ProjectionType: ALL")).await.unwrap();
    assert_eq!(found(&stack, "due").unwrap(), json!([item]));
    stack.stop();

    let other_name = changed("due-at", "ProjectionType: KEYS_ONLY");
    let stack = start(&other_name).await.unwrap();
    found(&stack, "due").unwrap_err();
    item.as_object_mut().unwrap().remove("color");
    assert_eq!(found(&stack, "due-at").unwrap(), json!([item]));
    stack.stop();

    // The key of a table is for ever.
    let (before, after) = text.split_once("\n  PaymentsTable:\n").unwrap();
    let line = |of: &str| format!("        - {{AttributeName: sk, {of}}}\n");
    let without = after.replacen(&line("KeyType: RANGE"), "", 1);
    let without = without.replacen(&line("AttributeType: S"), "", 1);
    let sentence = start(&format!("{before}\n  PaymentsTable:\n{without}")).await;
    let sentence = sentence.err().unwrap();
    assert!(sentence.contains("PaymentsTable"), "{sentence}");
    assert!(sentence.contains("--fresh"), "{sentence}");
}

#[tokio::test]
async fn what_a_function_cannot_handle_lies_among_the_dead_letters() {
    let world = World::new().await;
    let event = json!({"detail-type": "account.created", "detail": {"nothing": "known"}});
    world
        .stack
        .lambda()
        .invoke_async("IdentityMail", event.clone());
    world.stack.settle().await;
    let letters = world.stack.lambda().dead_letters();
    let [letter] = letters.as_slice() else {
        panic!("{letters:?}");
    };
    assert_eq!(letter.queue, "IdentityDeadLetters");
    assert_eq!(letter.function, "identity-mail");
    assert_eq!(letter.event, event);
    assert_eq!(letter.error, "the event has an unknown form");
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_in_the_error_body() {
    let world = World::new().await;
    for path in ["/", "/nothing", "/register/2026-11-21/more", "/rooms//join"] {
        world
            .call("GET", path, None, None)
            .await
            .expect_error(404, "not_found", &[]);
    }
    for (method, path, allow) in [
        ("PUT", "/register/", "GET, POST"),
        ("PUT", "/register", "GET, POST"),
        ("GET", "/signup", "POST"),
        ("POST", "/rooms/20261121T0900-0/join", "GET"),
        ("POST", "/openapi.json", "GET"),
    ] {
        let answer =
            world
                .call(method, path, None, None)
                .await
                .expect_error(405, "method_not_allowed", &[]);
        assert_eq!(answer.headers[header::ALLOW], allow, "{method} {path}");
    }
}

#[tokio::test]
async fn browsers_of_the_front_end_may_call() {
    let world = World::new().await;
    let preflight = Request::builder()
        .method("OPTIONS")
        .uri("/register/")
        .header(header::ORIGIN, "http://localhost:5173")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            "authorization, content-type",
        )
        .body("".into())
        .unwrap();
    let answer = world.send(preflight).await.expect(204);
    let headers = &answer.headers;
    assert_eq!(
        headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        "http://localhost:5173"
    );
    let allowed = headers[header::ACCESS_CONTROL_ALLOW_HEADERS]
        .to_str()
        .unwrap()
        .to_lowercase();
    assert!(
        allowed.contains("authorization") && allowed.contains("idempotency-key"),
        "{allowed}"
    );

    let request = |origin: &str| {
        Request::get("/openapi.json")
            .header(header::ORIGIN, origin)
            .body("".into())
            .unwrap()
    };
    let answer = world
        .send(request("http://localhost:5173"))
        .await
        .expect(200);
    assert_eq!(
        answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        "http://localhost:5173"
    );
    let answer = world
        .send(request("https://elsewhere.example"))
        .await
        .expect(200);
    assert!(
        !answer
            .headers
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
}

#[tokio::test]
async fn the_documentation_is_found_by_the_api_s_address() {
    for (parameters, expected) in [
        (vec![], "http://localhost:5173/docs"),
        (
            vec![("FrontendUrl", "https://a.example/app")],
            "https://a.example/app/docs",
        ),
        (
            vec![
                ("FrontendUrl", "https://a.example"),
                ("DocsUrl", "https://b.example/docs"),
            ],
            "https://b.example/docs",
        ),
    ] {
        let world = World::with(|options| {
            let given = parameters
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()));
            options.parameters.extend(given);
        })
        .await;
        let answer = world.call("GET", "/docs", None, None).await.expect(302);
        assert_eq!(answer.headers[header::LOCATION], expected);
        assert_eq!(answer.text, "");
    }
    let world = World::with(|options| options.web_port = Some(0)).await;
    let answer = world.call("GET", "/docs", None, None).await.expect(302);
    let docs = format!("{}/docs", world.stack.web_url().unwrap());
    assert_eq!(answer.headers[header::LOCATION], *docs);
}

#[tokio::test]
async fn the_document_is_served() {
    let world = World::new().await;
    let document = world
        .call("GET", "/openapi.json", None, None)
        .await
        .expect(200);
    assert_eq!(document.body["openapi"], "3.1.0");
}
