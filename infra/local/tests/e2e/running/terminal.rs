//! What the terminal tells.

use super::*;

/// Waits until the terminal has told a line with this in it.
async fn hear(program: &Program, expected: &str) -> String {
    let started = Instant::now();
    loop {
        let told = program.told.lock().unwrap().clone();
        if let Some(line) = told.lines().find(|line| line.contains(expected)) {
            return line.to_owned();
        }
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{expected} in {told}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_terminal_tells_the_story_a_line_each() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path(), &[]);
    // The screen is all that there is to say of a start.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(*program.told.lock().unwrap(), "");

    program
        .command(&["clock", "2030-03-01T20:00:00+09:00"])
        .unwrap();
    let sent = program.api.send("POST", "/signup", None, account()).await;
    let (_, answer) = sent.unwrap();
    let field = |name: &str| answer[name].as_str().unwrap().to_owned();
    let (user_id, token) = (field("user_id"), field("access_token"));
    let line = hear(&program, "POST /signup").await;
    assert!(line.contains("  201  ") && line.ends_with(" ms"), "{line}");
    hear(&program, "mail to hana@example.com: Enishi へようこそ").await;

    let nowhere = program.api.send("GET", "/nowhere/at/all", None, None).await;
    assert_eq!(nowhere.unwrap().0, 404);
    hear(&program, "GET /nowhere/at/all  404").await;

    let body = Some(json!({"date": "2030-03-02"}));
    let enrolled = program.api.send("POST", "/register/", Some(&token), body);
    assert_eq!(enrolled.await.unwrap().0, 201);
    program
        .command(&["clock", "2030-03-02T08:49:59+09:00"])
        .unwrap();
    let line = hear(&program, "rooms-assign: ").await;
    for part in ["date 2030-03-02", "time 09:00", "enrolled 1", "rooms 1"] {
        assert!(line.contains(part), "{line}");
    }

    let checkout = program.command(&["checkout", &user_id, "3000"]).unwrap();
    let page = checkout["checkout_url"].as_str().unwrap();
    post(page, "application/x-www-form-urlencoded", "", "do=pay").await;
    let line = hear(&program, "payment.settled: ").await;
    let payment_id = checkout["payment_id"].as_str().unwrap();
    assert!(line.contains(payment_id), "{line}");

    // What nobody can handle.
    let entry = json!({
        "Source": "enishi.identity", "DetailType": "account.created", "EventBusName": "enishi",
        "Detail": json!({"nothing": "known"}).to_string(),
    });
    let aws = format!("http://127.0.0.1:{}/", program.aws_port);
    let body = json!({"Entries": [entry]}).to_string();
    post(
        &aws,
        "application/x-amz-json-1.1",
        "AWSEvents.PutEvents",
        &body,
    )
    .await;
    hear(
        &program,
        "a dead letter of identity-mail in IdentityDeadLetters: the event has an unknown form",
    )
    .await;

    let told = program.told.lock().unwrap().clone();
    assert!(
        !told.contains("{*path}") && !told.contains('\u{1b}'),
        "{told}"
    );
    // The time, and something.
    assert!(
        told.lines().all(|line| line.as_bytes()[2] == b':'),
        "{told}"
    );
}

/// Sends a body, with the developer's key.
async fn post(url: &str, content_type: &str, target: &str, body: &str) {
    let scope = "developer/20300301/ap-northeast-1/events/aws4_request";
    let request = Request::post(url)
        .header(header::CONTENT_TYPE, content_type)
        .header("x-amz-target", target)
        .header(
            header::AUTHORIZATION,
            format!("AWS4-HMAC-SHA256 Credential={scope}, x"),
        )
        .body(http_body_util::Full::<bytes::Bytes>::from(body.to_owned()))
        .unwrap();
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new());
    let answer = client.build_http().request(request).await.unwrap();
    assert!(answer.status().as_u16() < 400, "{answer:?}");
}
