//! What outlives a restart, whatever ended the run before, and what two runs may not share.

use super::*;

async fn sign_up(program: &Program) -> (String, String) {
    let answer = program.api.send("POST", "/signup", None, account()).await;
    let (status, answer) = answer.unwrap();
    assert_eq!(status, 201, "{answer}");
    let field = |name: &str| answer[name].as_str().unwrap().to_owned();
    (field("user_id"), field("access_token"))
}

#[tokio::test]
async fn a_stack_starts_as_often_as_one_likes() {
    let world = World::new().await;
    for _ in 0..12 {
        enishi_local::import::operator(&world.stack).unwrap();
    }
    let operator = world.operator().await;
    let answer = world.get(&operator, "/me/rooms").await;
    answer.expect(200);
}

#[test]
fn a_folder_is_one_stacks_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = Program::start(directory.path(), &[]);
    let sentence = format!(
        "{} is in use by another stack; stop that one or choose another folder with --directory\n",
        directory.path().display()
    );
    for more in [&[] as &[&str], &["--fresh"]] {
        assert_eq!(Program::refused(directory.path(), more), sentence);
    }
    // And it goes on.
    first.command(&["clock"]).unwrap();
    drop(first);
    drop(Program::start(directory.path(), &["--fresh"]));
}

#[test]
fn a_folder_that_no_stack_has_filled_is_not_emptied() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("thesis.txt"), "chapter 1").unwrap();
    let sentence = Program::refused(directory.path(), &["--fresh"]);
    assert!(sentence.contains("is left as it is"), "{sentence}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn the_start_screen_names_the_ports_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path(), &[]);
    for command in ["fire rooms-assign", "checkout"] {
        let line = format!("cargo run -- --aws-port {} {command} ", program.aws_port);
        assert!(program.screen.contains(&line), "{}", program.screen);
    }
}

#[tokio::test]
async fn a_clock_that_was_set_runs_on_after_a_restart_and_the_screen_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path(), &[]);
    program
        .command(&["clock", "2030-03-01T20:00:00+09:00"])
        .unwrap();
    drop(program);
    let program = Program::start(directory.path(), &[]);
    let shown = program.command(&["clock"]).unwrap();
    let shown: jiff::Timestamp = shown["time"].as_str().unwrap().parse().unwrap();
    let passed = shown.duration_since(tokyo("2030-03-01T20:00"));
    assert!(!passed.is_negative() && passed.as_mins() < 10, "{shown}");
    let line = format!(
        "`cargo run -- --aws-port {} clock system`",
        program.aws_port
    );
    assert!(program.screen.contains(&line), "{}", program.screen);

    program.command(&["clock", "system"]).unwrap();
    drop(program);
    let program = Program::start(directory.path(), &[]);
    assert!(!program.screen.contains("clock"), "{}", program.screen);
}

#[tokio::test]
async fn what_was_paid_is_paid_after_the_process_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path(), &[]);
    let (user_id, _) = sign_up(&program).await;
    let checkout = program.command(&["checkout", &user_id, "3000"]).unwrap();
    let page = checkout["checkout_url"].as_str().unwrap().to_owned();
    let (stripe, session) = page.split_once("/stripe/").unwrap();
    let paid = Request::post(format!("{stripe}/stripe/{session}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(http_body_util::Full::<bytes::Bytes>::from("do=pay"))
        .unwrap();
    let browser = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new());
    let answer = browser.build_http().request(paid).await.unwrap();
    assert_eq!(answer.status(), 303);
    drop(program);

    let program = Program::start(directory.path(), &[]);
    let body = json!({"username": "hana", "password": "correct horse"});
    let (_, answer) = program
        .api
        .send("POST", "/login", None, Some(body))
        .await
        .unwrap();
    let token = answer["access_token"].as_str().unwrap();
    let started = Instant::now();
    loop {
        let payments = program.api.send("GET", "/api/payments", Some(token), None);
        let (_, payments) = payments.await.unwrap();
        if payments[0]["state"] == "settled" {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{payments}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_was_taken_for_an_invocation_is_carried_out_after_the_process_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let start = async || {
        let mut options = Options::in_memory(tokyo(EVENING));
        options.directory = Some(directory.path().to_owned());
        Stack::start(options).await.unwrap()
    };
    let under_way = directory.path().join("under-way");
    let files = || std::fs::read_dir(&under_way).unwrap().map(Result::unwrap);

    let stack = start().await;
    let event = json!({"detail-type": "account.created", "detail": {"nothing": "known"}});
    stack.lambda().invoke_async("IdentityMail", event.clone());
    // It is on disk before it is begun; here is what a killed process would leave.
    let kept = std::fs::read(files().next().unwrap().path()).unwrap();
    stack.settle().await;
    assert_eq!(files().count(), 0);
    assert_eq!(stack.lambda().dead_letters().len(), 1);
    stack.stop();

    std::fs::write(under_way.join("of-the-last-run.json"), kept).unwrap();
    let stack = start().await;
    // Of the first run, before anything is given up in this one.
    let kept = stack.lambda().dead_letters()[0].id;
    stack.settle().await;
    let letters = stack.lambda().dead_letters();
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.event == event));
    assert_eq!(files().count(), 0);

    stack.lambda().redrive(kept).unwrap();
    assert!(stack.lambda().redrive(kept).is_err());
    stack.settle().await;
    // What was taken out is given up anew.
    let ids = || {
        stack
            .lambda()
            .dead_letters()
            .into_iter()
            .map(|letter| letter.id)
    };
    assert_eq!(ids().count(), 2);
    assert!(ids().all(|id| id != kept));
    stack.stop();

    let again = start().await;
    let listed = again.lambda().dead_letters();
    assert!(listed.iter().map(|letter| letter.id).eq(ids()));
    again.stop();
}

#[tokio::test]
async fn a_page_at_the_default_front_end_is_of_the_same_site_as_the_api() {
    let world = World::new().await;
    // What `SameSite=Strict` compares: scheme and host, whatever the port.
    let site = |url: &str| url.rsplit_once(':').unwrap().0.to_owned();
    let frontend = &world.stack.system().parameters["FrontendUrl"].value;
    assert_eq!(site(&world.stack.url()), site(frontend));
    assert_eq!(
        site(&world.stack.live_url()),
        site(frontend).replace("http", "ws")
    );
    // `localhost` may mean either address.
    let port = world.stack.url().rsplit_once(':').unwrap().1.to_owned();
    let found = tokio::net::lookup_host(format!("localhost:{port}")).await;
    for address in found.unwrap() {
        let here = std::net::TcpListener::bind((address.ip(), 0)).is_ok();
        let taken = tokio::net::TcpStream::connect(address).await.is_ok();
        assert_eq!(taken, here, "{address}");
    }
}
