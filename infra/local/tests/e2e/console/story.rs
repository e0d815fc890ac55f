//! What happened, with its causes and effects.

use super::*;
use crate::{live::Socket, saju::requests, support::MORNING};

#[tokio::test]
async fn a_sign_up_leads_to_its_mail_under_one_request_id() {
    let console = Console::new().await;
    let person = console.world.sign_up("hana").await;
    console.world.stack.settle().await;
    let request = console.line("request", "POST /signup");
    let mail = console.line("mail", "");
    let whole = console.story(&request).await;
    assert_eq!(whole[0], "request POST /signup");
    assert_eq!(whole[1], "stream platform-relay: 1 of IdentityTable");
    assert_eq!(whole[2..4], ["bus account.created", "event identity-mail"]);
    assert!(whole[4].starts_with("mail "), "{whole:?}");
    assert_eq!(whole.len(), 5, "{whole:?}");
    // From the mail one comes to the same beginning.
    assert!(console.story(&mail).await.contains(&whole[0]));
    assert_eq!(mail["trace"], request["trace"]);
    assert_eq!(request["status"], 201);
    assert_eq!(request["function"], "identity-signup");

    let entry = console
        .get(&format!("/api/entries/{}", request["id"]))
        .await;
    let entry = &entry["entry"];
    assert_eq!(entry["detail"]["body"]["email"], person.email);
    for secret in [
        &person.password,
        &person.access_token,
        &person.refresh_token,
    ] {
        assert!(!entry.to_string().contains(secret.as_str()));
    }
    let wrote = entry["calls"].to_string();
    assert!(wrote.contains("dynamodb:TransactWriteItems"), "{wrote}");
    assert!(wrote.contains(&format!("ACCOUNT#{}", person.id)), "{wrote}");
}

#[tokio::test]
async fn a_request_id_is_the_one_that_was_answered_and_no_function_sees_the_header() {
    let console = Console::new().await;
    let asked = Request::get("/jwks.json").header("x-enishi-entry", "77");
    let answer = console.world.send(asked.body(Bytes::new()).unwrap()).await;
    let id = answer.headers["apigw-requestid"].to_str().unwrap();
    let request = console.line("request", "GET /jwks.json");
    assert_eq!(request["trace"], id);
    // There is no such entry.
    assert_eq!(request["causes"], json!([]));
    assert_eq!(console.story(&request).await, ["request GET /jwks.json"]);
}

#[tokio::test]
async fn events_of_many_requests_in_one_batch_lead_back_each_to_its_own() {
    let console = Console::new().await;
    for name in ["hana", "juri", "mika"] {
        console.world.sign_up(name).await;
    }
    console.world.stack.settle().await;
    let lines = console.lines();
    let of = |kind: &'static str| lines.iter().filter(move |line| line["kind"] == kind);
    assert_eq!(of("stream").count(), 1);
    let requests: Vec<&Value> = of("request").map(|line| &line["id"]).collect();
    let causes: Vec<&Value> = of("bus").map(|line| &line["causes"][0]).collect();
    assert_eq!(causes, requests);
    // The mails themselves are sent side by side.
    let traces = |kind| -> std::collections::BTreeSet<String> {
        of(kind).map(|line| text(&line["trace"])).collect()
    };
    assert_eq!(traces("mail").len(), 3);
    assert_eq!(traces("mail"), traces("request"));
}

#[tokio::test]
async fn a_payment_leads_from_the_button_over_stripe_to_the_event() {
    let console = Console::new().await;
    let person = console.world.sign_up("hana").await;
    let asked = json!({"user_id": person.id, "amount": 3000});
    let opened = console.post("/_enishi/checkout", asked).await;
    let page = text(&opened["checkout_url"]);
    let pressed = Request::post(page)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from("do=pay"));
    let answer = console.world.send_anywhere(pressed.unwrap()).await;
    answer.expect(303);
    console.world.stack.settle().await;
    let story = console.story(&console.line("bus", "payment.settled")).await;
    assert!(
        story[0].starts_with("hand Stripe's page POST /stripe/pay/"),
        "{story:?}"
    );
    assert_eq!(
        story[1..],
        [
            "webhook checkout.session.completed",
            "request POST /webhook/stripe",
            "bus stripe.checkout.session.completed",
            "event payments-ledger",
            "bus payment.settled",
        ],
    );
}

#[tokio::test]
async fn a_function_is_counted_with_its_errors_and_how_long_it_took() {
    let console = Console::new().await;
    console.world.sign_up("hana").await;
    let body = json!({"email": "hana@example.com", "password": "wrong"});
    let refused = console.world.call("POST", "/login", None, Some(body)).await;
    refused.expect(401);
    let event = json!({"no": "event"});
    console
        .world
        .stack
        .lambda()
        .invoke_async("IdentityMail", event);
    let overview = console.get("/api/overview").await;
    let functions = overview["functions"].as_array().unwrap().clone();
    let of = |name: &str| functions.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of("identity-signup")["figures"]["calls"], 1);
    assert!(of("identity-signup")["figures"]["p95"].as_f64().unwrap() > 0.0);
    assert_eq!(of("identity-login")["figures"]["refused"], 1);
    assert_eq!(of("identity-login")["routes"][0], "POST /login");
    assert_eq!(of("rooms-enroll")["figures"], Value::Null);
}

#[tokio::test]
async fn a_schedule_that_found_nothing_is_quiet_and_one_that_did_something_is_not() {
    let console = Console::new().await;
    let hana = console.world.sign_up("hana").await;
    let mut people = vec![hana, console.world.sign_up("juri").await];
    // In the first minute it is noted that nobody comes every week, in the second nothing.
    console.world.at("2026-11-20T20:01").await;
    console.world.at("2026-11-20T20:02").await;
    let lines: Vec<Value> = console.lines();
    let idle = lines.iter().rfind(|line| line["title"] == "rooms-assign");
    assert_eq!(idle.unwrap()["quiet"], true);
    for person in &people {
        let body = json!({"date": MORNING});
        console
            .world
            .post(person, "/register/", body)
            .await
            .expect(201);
    }
    console.world.at(&format!("{MORNING}T08:50")).await;
    console.world.refresh_all(&mut people).await;
    let drawn: Vec<Value> = console.lines();
    let drawn = drawn.iter().rfind(|line| line["title"] == "rooms-assign");
    assert_eq!(drawn.unwrap()["quiet"], false);
}

#[tokio::test]
async fn what_was_given_up_is_redriven_once() {
    let console = Console::new().await;
    let lambda = console.world.stack.lambda();
    let event = json!({"detail-type": "account.created", "detail": {"id": "1"}});
    console.world.stack.app("IdentityMail").unwrap();
    let arn = "arn:aws:sqs:ap-northeast-1:000000000000:queue";
    lambda.give_up(arn, "IdentityMail", "it failed", event);
    let letters = console.get("/_enishi/dead-letters").await;
    let id = text(&letters[0]["id"]);
    let path = format!("/_enishi/dead-letters/{id}/redrive");
    console.post(&path, json!({})).await;
    assert_eq!(console.get("/_enishi/dead-letters").await, json!([]));
    console.world.stack.settle().await;
    let story = console.story(&console.line("hand", "redrive")).await;
    assert_eq!(story[1], "event identity-mail");
    let again = console.asked("POST", &path, Some(json!({})), &[]).await;
    again.expect(404);
}

#[tokio::test]
async fn a_message_leads_from_the_frame_to_what_is_pushed() {
    let console = Console::new().await;
    let people = requests::people(&console.world, 2).await;
    let [jieun, minjun] = &people[..] else {
        panic!("there are two")
    };
    let chat = requests::matched(&console.world, jieun, minjun).await;
    let mut hers = Socket::open(&console.world, jieun).await;
    let mut his = Socket::open(&console.world, minjun).await;
    let message = json!({
        "action": "sendMessage", "chat_id": chat, "content": "안녕하세요", "client_msg_id": "1",
    });
    hers.ask(message).await;
    console.world.stack.settle().await;
    assert_eq!(his.next().await["content"], "안녕하세요");
    let frame = console.line("socket", "sendMessage ");
    let story = console.story(&frame).await;
    let is = |start: &str| story.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(is("stream saju-deliver: "), 1, "{story:?}");
    // The acknowledgement may be one too; the message is pushed to both.
    assert!(is("push to ") >= 2, "{story:?}");
}

#[tokio::test]
async fn what_chime_tells_leads_back_to_who_made_the_meeting() {
    let console = Console::new().await;
    let people = console.world.people(2).await;
    for person in &people {
        let body = json!({"date": MORNING});
        let enrolled = console.world.post(person, "/register/", body).await;
        enrolled.expect(201);
    }
    console.world.at(&format!("{MORNING}T08:50")).await;
    console.world.at(&format!("{MORNING}T08:56")).await;
    let told = console.line("bus", "Chime Meeting State Change: chime:MeetingStarted");
    let story = console.story(&told).await;
    assert_eq!(story[0], "schedule rooms-open");
    assert!(
        story.contains(&"event rooms-attendance".to_owned()),
        "{story:?}"
    );
}

#[tokio::test]
async fn what_a_clock_fires_that_was_set_is_an_effect_of_setting_it() {
    let console = Console::of(
        World::with(|options| {
            options.console_port = Some(0);
            options.automatic = true;
        })
        .await,
    );
    let time = json!({"time": "2026-11-20T20:01:00+09:00"});
    let set = console.asked("PUT", "/_enishi/clock", Some(time), &[]);
    set.await.expect(200);
    // The clock's own task fires them.
    let fired = async {
        loop {
            let story = console
                .story(&console.line("hand", "the clock is set"))
                .await;
            if story.len() > 1 {
                return story;
            }
        }
    };
    let story = tokio::time::timeout(std::time::Duration::from_secs(20), fired).await;
    let story = story.expect("schedules that fire");
    assert!(story[1].starts_with("schedule "), "{story:?}");
}
