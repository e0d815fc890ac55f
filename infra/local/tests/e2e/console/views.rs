//! What each view is told of a stack, beside what the API says.

use super::*;
use crate::{
    identity,
    market::shop::Shop,
    saju,
    support::{MORNING, Person},
};

/// As a part of an address.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

#[tokio::test]
async fn tables_are_browsed_by_key_and_by_index() {
    let console = Console::new().await;
    let hana = console.world.sign_up("hana").await;
    let body = json!({"date": MORNING});
    console
        .world
        .post(&hana, "/register/", body)
        .await
        .expect(201);
    let tables = console.get("/api/tables").await;
    let rooms = list(&tables).iter().find(|one| one["name"] == "RoomsTable");
    let rooms = rooms.unwrap();
    assert_eq!(rooms["keys"], json!({"partition": "pk", "sort": "sk"}));
    assert_eq!(rooms["indexes"][0]["name"], "by-user");

    let of = encoded(&format!("ACCOUNT#{}", hana.id));
    let path = format!("/api/tables/IdentityTable/items?pk={of}");
    let items = console.get(&path).await;
    let sort_keys: Vec<String> = list(&items["items"])
        .iter()
        .map(|it| text(&it["sk"]))
        .collect();
    assert_eq!(sort_keys[0], "ACCOUNT");
    assert!(sort_keys[1].starts_with("SESSION#"), "{sort_keys:?}");
    let sessions = console.get(&format!("{path}&sk=SESS")).await;
    assert_eq!(list(&sessions["items"]).len(), sort_keys.len() - 1);

    let user = encoded(&format!("USER#{}", hana.id));
    let path = format!("/api/tables/RoomsTable/items?index=by-user&pk={user}");
    let mine = console.get(&path).await;
    assert_eq!(list(&mine["items"]).len(), 1, "{mine}");
    assert_eq!(mine["items"][0]["user_id"], hana.id);
    for (path, status) in [
        ("/api/tables/NoTable/items", 404),
        ("/api/tables/RoomsTable/items?after=x", 400),
    ] {
        console.asked("GET", path, None, &[]).await.expect(status);
    }
}

#[tokio::test]
async fn a_table_is_gone_through_page_by_page() {
    let console = Console::new().await;
    for number in 0..30 {
        console.world.sign_up(&format!("p{number}")).await;
    }
    let (mut keys, mut after) = (std::collections::BTreeSet::new(), String::new());
    loop {
        let path = format!("/api/tables/IdentityTable/items?after={}", encoded(&after));
        let page = console.get(&path).await;
        for item in list(&page["items"]) {
            assert!(keys.insert(format!("{} {}", item["pk"], item["sk"])));
        }
        match page["after"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    let accounts = keys.iter().filter(|key| key.ends_with("\"ACCOUNT\""));
    assert_eq!(accounts.count(), 30);
}

#[tokio::test]
async fn a_mail_is_read_and_its_parts_open_with_a_key_of_their_own() {
    let console = Console::new().await;
    let hana = console.world.sign_up("hana").await;
    console.world.stack.settle().await;
    let mails = console.get("/api/mails").await;
    assert_eq!(mails[0]["to"], json!([hana.email]));
    let id = text(&mails[0]["message_id"]);
    let mail = console.get(&format!("/api/mails/{id}")).await;
    assert!(
        text(&mail["text"]).contains("http://localhost:5173/"),
        "{mail}"
    );
    let html = text(&mail["html"]);
    let page = console.asked("GET", &html, None, &[("authorization", "")]);
    let page = page.await.expect(200);
    assert!(
        page.text.contains("<a href=\"http://localhost:5173/"),
        "{}",
        page.text
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox "), "{policy}");
    assert!(!policy.contains("allow-scripts"), "{policy}");
    for wrong in ["", "?key=", "?key=x"] {
        let path = format!("/mail/{id}/html{wrong}");
        let page = console.asked("GET", &path, None, &[]).await;
        page.expect(404);
    }
}

#[tokio::test]
async fn a_checkout_is_paid_disputed_and_given_back_and_the_ledger_follows() {
    let console = Console::new().await;
    let hana = console.world.sign_up("hana").await;
    let open = async || {
        let asked = json!({"user_id": hana.id, "amount": 3000});
        console.post("/_enishi/checkout", asked).await;
        let payments = console.get("/api/payments").await;
        text(&payments["payments"][0]["id"])
    };
    let act = async |id: &str, action: &str| {
        let path = format!("/api/payments/{id}/{action}");
        console.post(&path, json!({})).await;
        console.world.stack.settle().await;
        console.get("/api/payments").await
    };
    let id = open().await;
    let failed = act(&id, "fail").await;
    assert_eq!(failed["payments"][0]["status"], "open");
    let paid = act(&id, "pay").await;
    assert_eq!(paid["payments"][0]["money"]["paid"], 3000);
    let path = format!("/api/payments/{id}/pay");
    let again = console.asked("POST", &path, Some(json!({})), &[]);
    again.await.expect(409);
    let disputed = act(&id, "dispute").await;
    assert_eq!(disputed["payments"][0]["money"]["disputed"], 3000);
    let dispute = text(&disputed["payments"][0]["money"]["disputes"][0]["id"]);
    act(&dispute, "win").await;
    let body = json!({"amount": 1000});
    console
        .post(&format!("/api/payments/{id}/refund"), body)
        .await;
    console.world.stack.settle().await;
    let balance = &console.get("/api/payments").await["balance"];
    assert_eq!(
        *balance,
        json!({"paid": 3000, "refunded": 1000, "passed_on": 0, "disputed": 0, "platform": 2000})
    );
    let mine = console.world.get(&hana, "/api/payments").await.expect(200);
    assert!(mine.text.contains("partially_refunded"), "{}", mine.text);

    let id = open().await;
    let slip = act(&id, "konbini").await;
    assert_eq!(slip["payments"][0]["waits"], "requires_action");
    let late = act(&id, "settle").await;
    assert_eq!(late["payments"][0]["money"]["paid"], 3000);
    let story = console.story(&console.line("hand", "settle cs_")).await;
    assert!(
        story.contains(&"bus payment.settled".to_owned()),
        "{story:?}"
    );
}

#[tokio::test]
async fn firebases_users_are_listed_disabled_and_verified() {
    let console = Console::new().await;
    let url = format!(
        "{}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any",
        console.world.stack.aws_url()
    );
    let body = json!({"email": "hana@example.com", "password": "secret"}).to_string();
    let request = Request::post(url).body(Bytes::from(body)).unwrap();
    let up = console.world.send_anywhere(request).await.expect(200);
    let id = up.text("localId");
    for action in ["verify", "disable"] {
        let path = format!("/api/users/{id}/{action}");
        console.post(&path, json!({})).await;
    }
    let users = console.get("/api/users").await;
    assert_eq!(users["users"][0]["email"], "hana@example.com");
    assert_eq!(users["users"][0]["emailVerified"], true);
    assert_eq!(users["users"][0]["disabled"], true);
    console
        .post(&format!("/api/users/{id}/enable"), json!({}))
        .await;
    let users = console.get("/api/users").await;
    assert_eq!(users["users"][0]["disabled"], false);
    let nobody = console.asked("POST", "/api/users/nobody/disable", Some(json!({})), &[]);
    nobody.await.expect(409);
}

/// Enrolls everybody for a day and draws it.
async fn drawn(console: &Console, people: &mut [Person], day: &str, before: &str) {
    let world = &console.world;
    world.at(&format!("{before}T20:00")).await;
    world.refresh_all(people).await;
    for person in people.iter() {
        let body = json!({"date": day});
        world.post(person, "/register/", body).await.expect(201);
    }
    world.at(&format!("{day}T08:50")).await;
}

#[tokio::test]
async fn a_morning_shows_who_sits_with_whom_and_whom_the_draw_kept_apart() {
    let console = Console::new().await;
    let mut people = console.world.people(8).await;
    drawn(&console, &mut people, MORNING, "2026-11-20").await;
    drawn(&console, &mut people, "2026-11-22", MORNING).await;
    let mornings = console.get("/_enishi/mornings").await;
    // The one before was over when the stack began: it counts as missed.
    let drawn = list(&mornings).iter().filter(|one| one["state"] == "drawn");
    let slots: Vec<&Value> = drawn.map(|one| &one["slot"]).collect();
    assert_eq!(slots.len(), 2);
    let first = console
        .get(&format!("/api/mornings/{}", text(slots[1])))
        .await;
    let second = console
        .get(&format!("/api/mornings/{}", text(slots[0])))
        .await;
    let rooms = |morning: &Value| -> Vec<Vec<String>> {
        let people = |room: &Value| {
            list(&room["members"])
                .iter()
                .map(|it| text(&it["user_id"]))
                .collect()
        };
        list(&morning["rooms"]).iter().map(people).collect()
    };
    assert_eq!(
        rooms(&first).iter().map(Vec::len).collect::<Vec<_>>(),
        [4, 4]
    );
    assert_eq!(first["known_pairs"], 0);
    // Two rooms of four: six pairs each, of whom two in each new room must meet again.
    assert_eq!(second["known_pairs"], 12);
    assert_eq!(second["looked_back_on"], 1);
    let mut again = 0;
    for room in rooms(&second) {
        for (at, a) in room.iter().enumerate() {
            let before = rooms(&first)
                .into_iter()
                .find(|room| room.contains(a))
                .unwrap();
            again += room[at + 1..].iter().filter(|b| before.contains(b)).count();
        }
    }
    assert_eq!(second["together_again"], again);
    assert_eq!(again, 4);
    let by_chance = second["by_chance"].as_f64().unwrap();
    assert!((by_chance - 12.0 * 12.0 / 28.0).abs() < 1e-9, "{by_chance}");
    console
        .asked("GET", "/api/mornings/20990101T0900", None, &[])
        .await
        .expect(404);
}

#[tokio::test]
async fn a_morning_shows_who_came_in_time_late_or_not_at_all() {
    const SLOT: &str = "2026-11-21T09:00";
    let console = Console::new().await;
    let world = &console.world;
    let mut people = world.people(4).await;
    drawn(&console, &mut people, MORNING, "2026-11-20").await;
    world.refresh_all(&mut people).await;
    let attendance = async |people: &[Person]| -> Vec<String> {
        let morning = console.get(&format!("/api/mornings/{SLOT}")).await;
        let members = list(&morning["rooms"][0]["members"]);
        let of = |person: &Person| {
            let mut members = members.iter();
            let member = members
                .find(|member| member["user_id"] == person.id)
                .unwrap();
            format!("{} {}", text(&member["attendance"]), member["rate"])
        };
        people.iter().map(of).collect()
    };
    assert_eq!(attendance(&people).await, ["awaited 100"; 4]);
    let path = format!("/register/{MORNING}");
    world
        .call("DELETE", &path, Some(&people[3].access_token), None)
        .await
        .expect(204);
    let joins = async |person: &Person| {
        let answer = world
            .get(person, "/rooms/20261121T0900-0/join")
            .await
            .expect(200);
        let [meeting, attendee] = [&answer.body["Meeting"], &answer.body["Attendee"]];
        let said = [
            &meeting["MeetingId"],
            &attendee["AttendeeId"],
            &attendee["JoinToken"],
        ];
        let [meeting, attendee, token] = said.map(text);
        world
            .stack
            .chime()
            .join(&meeting, &attendee, &token)
            .unwrap();
        world.stack.settle().await;
    };
    world.at(&format!("{MORNING}T08:57")).await;
    joins(&people[0]).await;
    world.at(&format!("{MORNING}T09:04")).await;
    joins(&people[1]).await;
    let running = [
        "present 100",
        "late 100",
        "awaited 100",
        "withdrew late 100",
    ];
    assert_eq!(attendance(&people).await, running);
    world.at(&format!("{MORNING}T09:31")).await;
    let over = ["present 100", "late 100", "absent 0", "withdrew late 50"];
    assert_eq!(attendance(&people).await, over);
}

#[tokio::test]
async fn a_list_of_saju_has_the_apis_scores_and_counts_who_was_shown() {
    let console = Console::new().await;
    let world = &console.world;
    let jieun = saju::register(world, "jieun", "1996-02-04", "female").await;
    for (name, born) in [("minjun", "1995-05-05"), ("siu", "1993-08-19")] {
        let person = saju::register(world, name, born, "male").await;
        identity::prove(world, &person).await;
    }
    world.stack.settle().await;
    let path = format!("/api/saju/{}", jieun.id);
    assert_eq!(console.get(&path).await["drawn"], false);
    let answer = world.get(&jieun, "/api/matches/recommendations").await;
    let answer = answer.expect(200);
    let seen = console.get(&path).await;
    assert_eq!(seen["drawn"], true);
    let scores = |of: &Value, name: &str| -> Vec<(String, Value)> {
        let one = |it: &Value| (text(&it["user_id"]), it[name].clone());
        list(of).iter().map(one).collect()
    };
    assert_eq!(
        scores(&seen["list"], "score"),
        scores(&answer.body, "compatibility_score")
    );
    assert_eq!(seen["list"][0]["breakdown"], answer.body[0]["breakdown"]);
    let exposure = console.get("/api/saju").await;
    let mut shown: Vec<(String, u64)> = list(&exposure)
        .iter()
        .map(|one| (text(&one["name"]), one["shown"].as_u64().unwrap()))
        .collect();
    shown.sort();
    let expected = [("jieun", 0), ("minjun", 1), ("siu", 1)];
    assert_eq!(
        shown,
        expected.map(|(name, times)| (name.to_owned(), times))
    );
}

#[tokio::test]
async fn an_orders_money_adds_up_at_every_step() {
    let world = World::with(|options| options.console_port = Some(0)).await;
    let shop = Shop::of(world, 2).await;
    let bought = shop.buy(&[(0, 1), (1, 2)]).await;
    let id = bought.id.clone();
    let url = shop.world.stack.console_url().unwrap();
    let (base, token) = url.split_once("/#").unwrap();
    let ask = async || {
        let request = Request::get(format!("{base}/api/orders/{id}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Bytes::new())
            .unwrap();
        shop.world.send_anywhere(request).await.expect(200).body
    };
    let seen = async || {
        let seen = ask().await;
        assert_eq!(seen["flow"]["adds_up"], true, "{:#}", seen["flow"]);
        seen
    };
    let makers = [0, 1].map(|number| shop.sellers[number].person.id.clone());
    // Charged, to either maker, given back, disputed, with the house: as each of the three says.
    let sums = |seen: &Value| -> Vec<Vec<Value>> {
        let rows = list(&seen["flow"]["rows"]).iter();
        let mut rows: Vec<&Value> = rows.collect();
        rows.sort_by_key(|row| makers.iter().position(|maker| row["maker_id"] == *maker));
        let said = |row: &&Value| {
            ["order", "ledger", "stripe"]
                .map(|who| row[who].clone())
                .into()
        };
        rows.iter().map(said).collect()
    };
    let same = |sums: [i64; 6]| -> Vec<Vec<Value>> {
        let [charged, first, second, rest @ ..] = sums;
        let sums = [charged].into_iter().chain(rest).chain([first, second]);
        sums.map(|sum| vec![json!(sum); 3]).collect()
    };
    let open = seen().await;
    assert_eq!(open["flow"]["paid"], false);
    shop.world.stack.stripe().pay(&bought.session).unwrap();
    shop.world.stack.settle().await;
    // Items and sending of both: 3,833 and 2,902.
    let paid = seen().await;
    let parcels = list(&paid["flow"]["parcels"]).iter();
    let mut parcels: Vec<i64> = parcels.filter_map(|one| one["amount"].as_i64()).collect();
    parcels.sort_unstable();
    assert_eq!(parcels, [2902, 3833]);
    assert_eq!(sums(&paid), same([6735, 0, 0, 0, 0, 6735]));
    shop.ship(&id, 0).await.expect(200);
    shop.says("received", &id, 0).await.expect(200);
    // Less a tenth.
    assert_eq!(sums(&seen().await), same([6735, 3450, 0, 0, 0, 3285]));
    shop.refund(&id, 1).await.expect(200);
    assert_eq!(sums(&seen().await), same([6735, 3450, 0, 2902, 0, 383]));
    let last = seen().await;
    assert_eq!(last["contents"]["lines"][0]["item_name"], "器0");
    assert!(list(&last["steps"]).len() >= 4, "{}", last["steps"]);

    // What is given back in Stripe's dashboard, the order does not know of.
    shop.world
        .stack
        .stripe()
        .refund_by_hand(&bought.session, Some(83))
        .unwrap();
    shop.world.stack.settle().await;
    let seen = ask().await;
    assert_eq!(seen["flow"]["adds_up"], false);
    let rows = list(&seen["flow"]["rows"]).iter();
    let differ: Vec<&Value> = rows.filter(|row| row["agrees"] == false).collect();
    let names: Vec<&Value> = differ.iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["given back", "with the house"]);
    assert_eq!([&differ[0]["order"], &differ[0]["stripe"]], [2902, 2985]);
}
