//! Matchings: asked for, agreed on, booked, moved, cancelled.

mod ends;
mod races;
mod states;

use enishi_local::{import, mailbox::Mail};
use enishi_visits::{
    block::{Block, block_key},
    matching::MatchingId,
    profile::Profile,
    state::{Matching, State},
};
use http::{Request, header};
use serde_json::{Value, json};

use super::{
    items,
    people::{
        DATE, act, ask, ask_so, at, book, booked, bring_in, bring_matchings_in, cells, counted,
        holds, profile, seen, standing, user_id, verified, visitor_id,
    },
};
use crate::{
    identity::later,
    support::{Person, World, text},
};

/// A request of somebody's. Answers its id.
pub fn of(world: &World, student: &Person) -> String {
    let student = profile(student.id.parse().unwrap(), &student.name, "student");
    let speaker = profile(user_id(1), "sora", "company");
    bring_in(world, std::slice::from_ref(&speaker));
    let app = world.app("VisitsErase", |_| {});
    let id = MatchingId::new(&app);
    let asked = Matching::request(Some(DATE.parse().unwrap()), 60, app.now()).unwrap();
    bring_matchings_in(world, &[standing((&speaker, &student), id, asked)]);
    id.to_string()
}

/// A paid matching of two. Answers its id.
pub fn paid(world: &World, (speaker, student): (&Profile, &Profile)) -> String {
    let app = world.app("VisitsErase", |_| {});
    let id = MatchingId::new(&app);
    let paid = at(State::Paid, app.now(), DATE.parse().unwrap(), None);
    bring_matchings_in(world, &[standing((speaker, student), id, paid)]);
    id.to_string()
}

/// The mails to somebody.
fn mails(world: &World, person: &Person) -> Vec<Mail> {
    let mut mails = world.stack.mailbox().mails();
    mails.retain(|mail| mail.to == [person.email.as_str()]);
    mails
}

#[tokio::test]
async fn what_is_asked_for_is_accepted_booked_moved_and_cancelled() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let asked = ask(&world, &hana, &sora).await.expect(201).body;
    let id = text(&asked["id"]);
    assert_eq!(asked["state"], "requested");
    assert_eq!(asked["role"], "listener");
    assert_eq!(asked["date"], DATE);
    assert_eq!(asked["meeting_length"], 60);
    assert_eq!(asked["audio_url"], Value::Null);
    assert_eq!(asked["is_done_meeting"], false);
    assert_eq!(asked["is_done_payment"], false);
    assert_eq!(asked["proposal"]["by"], "listener");
    assert_eq!(asked["other"]["affiliation"], "縁製作所");
    assert_eq!(asked["other"]["position"], "主任");
    assert!(asked["other"]["department"].is_null() && asked["partner"].is_null());
    let shown = seen(&world, &sora, &id).await;
    assert_eq!(shown["role"], "speaker");
    assert_eq!(shown["message"], "配属についてお聞きしたいです。");
    assert_eq!(shown["other"]["affiliation"], "縁大学");
    assert_eq!(shown["other"]["department"], "工学部");
    assert!(shown["other"]["position"].is_null());
    assert_eq!(counted(&world, &hana, "open_requests"), 1);
    assert_eq!(counted(&world, &sora, "notifications"), 1);
    // The message is the first of the chat.
    let chat = items(&world, &format!("CHAT#{id}"));
    assert_eq!(chat.len(), 2);
    assert_eq!(chat[0]["last_seq"]["N"], "1");
    assert_eq!(chat[1]["content"]["S"], "配属についてお聞きしたいです。");

    let accept = json!({"action": "accept"});
    let accepted = act(&world, &sora, &id, accept).await.expect(200).body;
    assert_eq!(accepted["state"], "accepted");
    assert_eq!(accepted["proposal"], Value::Null);
    assert_eq!(counted(&world, &hana, "open_requests"), 0);
    assert!(cells(&world, &sora).is_empty());
    let booked = book(&world, &hana, &id, DATE, 60).await.expect(200).body;
    let url = format!("http://localhost:5173/meetings/{id}");
    assert_eq!(
        booked,
        json!({"url": url, "date": DATE, "meeting_length": 60})
    );
    let hour = [
        "2026-11-25T10:00:00Z",
        "2026-11-25T10:15:00Z",
        "2026-11-25T10:30:00Z",
        "2026-11-25T10:45:00Z",
    ];
    for person in [&sora, &hana] {
        assert_eq!(cells(&world, person), hour);
        assert_eq!(holds(&world, person), [format!("appointment {id}")]);
        let token = Some(person.access_token.as_str());
        let closed = world.call("DELETE", "/api/users/me", token, None).await;
        closed.expect_error(409, "conflict", &[]);
    }
    let chat = items(&world, &format!("CHAT#{id}"));
    assert_eq!(chat[0]["expires_at"]["S"], "2026-12-09T11:00:00Z");
    assert!(chat[0]["idle"].is_null());

    // Half an hour later, for half an hour: two cells stay.
    let other = "2026-11-25T10:30:00Z";
    let propose = json!({"action": "propose", "date": other, "meeting_length": 45});
    act(&world, &hana, &id, propose).await.expect(200);
    let accept = json!({"action": "accept", "date": other});
    let moved = act(&world, &sora, &id, accept).await.expect(200).body;
    assert_eq!(
        (&moved["state"], &moved["date"]),
        (&json!("scheduled"), &json!(other))
    );
    assert_eq!(moved["meeting_length"], 45);
    for person in [&sora, &hana] {
        let [.., third, fourth] = hour;
        assert_eq!(
            cells(&world, person),
            [third, fourth, "2026-11-25T11:00:00Z"]
        );
    }
    let cancel = json!({"action": "cancel"});
    let cancelled = act(&world, &hana, &id, cancel).await.expect(200).body;
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["message"], Value::Null);
    for person in [&sora, &hana] {
        assert!(cells(&world, person).is_empty());
        assert!(holds(&world, person).is_empty());
    }
    assert!(items(&world, "OPEN#").is_empty());
    // Asked, accepted, booked, proposed, moved and cancelled.
    let steps = items(&world, &format!("MATCHING#{id}"));
    let steps = steps
        .iter()
        .filter(|item| text(&item["sk"]["S"]).starts_with("STEP#"));
    let states: Vec<_> = steps.map(|step| text(&step["state"]["S"])).collect();
    let five = [
        "accepted",
        "scheduled",
        "scheduled",
        "scheduled",
        "cancelled",
    ];
    assert_eq!(states, [["requested"].as_slice(), &five].concat());
}

#[tokio::test]
async fn each_step_is_told_in_a_letter_and_an_appointment_comes_with_it() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let id = ask(&world, &hana, &sora).await.expect(201).text("id");
    world.stack.settle().await;
    let accept = json!({"action": "accept"});
    act(&world, &sora, &id, accept.clone()).await.expect(200);
    world.stack.settle().await;
    book(&world, &sora, &id, DATE, 60).await.expect(200);
    world.stack.settle().await;
    let propose = json!({"action": "propose", "date": "2026-11-25T11:00:00Z"});
    for (by, body) in [
        (&hana, propose),
        (&sora, accept),
        (&sora, json!({"action": "cancel"})),
    ] {
        act(&world, by, &id, body).await.expect(200);
        world.stack.settle().await;
    }
    let [to_sora, to_hana] = [mails(&world, &sora), mails(&world, &hana)];
    let subjects =
        |mails: &[Mail]| -> Vec<String> { mails.iter().map(|mail| mail.subject.clone()).collect() };
    let both = [
        "面談を予約しました",
        "面談の日程が変わりました",
        "面談は取り消されました",
    ];
    assert_eq!(
        subjects(&to_hana),
        [["面談の日程が決まりました"].as_slice(), &both].concat()
    );
    let [booked, moved, cancelled] = both;
    let expected = [
        "面談の依頼が届きました",
        booked,
        "面談の日程の提案が届きました",
        moved,
        cancelled,
    ];
    assert_eq!(subjects(&to_sora), expected);
    let text = to_hana[1].text.as_deref().unwrap();
    assert!(
        text.contains("2026年11月25日(水) 19:00〜20:00(日本時間)"),
        "{text}"
    );
    for (mail, sequence, start, status) in [
        (&to_hana[1], "3", "20261125T100000Z", "CONFIRMED"),
        (&to_hana[2], "5", "20261125T110000Z", "CONFIRMED"),
        (&to_hana[3], "6", "20261125T110000Z", "CANCELLED"),
    ] {
        let [file] = mail.attachments.as_slice() else {
            panic!("{mail:?}")
        };
        assert_eq!(file.file_name, "visit.ics");
        assert_eq!(file.content_type, "text/calendar");
        let calendar = String::from_utf8(file.bytes()).unwrap();
        let lines: Vec<_> = calendar.split("\r\n").collect();
        for line in [
            "METHOD:PUBLISH".to_owned(),
            format!("UID:{id}"),
            format!("SEQUENCE:{sequence}"),
            format!("DTSTART:{start}"),
            format!("STATUS:{status}"),
        ] {
            assert!(lines.contains(&line.as_str()), "{line}: {calendar}");
        }
        assert!(!calendar.contains("ATTENDEE") && !calendar.contains("ORGANIZER"));
    }
    assert!(to_hana[0].attachments.is_empty());
    // A notice goes with each.
    for (person, mails) in [(&sora, &to_sora), (&hana, &to_hana)] {
        let notices = items(&world, &format!("NOTICES#{}", person.id));
        assert_eq!(notices.len(), mails.len());
        assert_eq!(counted(&world, person, "notifications"), mails.len() as i64);
    }
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn only_a_verified_student_asks_and_only_a_listed_employee_is_asked() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let nobody = world.sign_up("nobody").await;
    ask(&world, &nobody, &sora)
        .await
        .expect_error(403, "profile_missing", &[]);
    ask(&world, &sora, &sora)
        .await
        .expect_error(403, "forbidden", &[]);
    let not = |number, kind: &str, change: fn(&mut Profile)| {
        let mut profile = profile(user_id(number), &format!("not{number}"), kind);
        change(&mut profile);
        bring_in(&world, &[profile]);
        super::people::logged_in(&world, user_id(number), "not")
    };
    for (number, change) in [
        (
            10,
            (|profile| profile.is_authenticated = false) as fn(&mut Profile),
        ),
        (11, |profile| profile.is_suspended = true),
    ] {
        let student = not(number, "student", change).await;
        ask(&world, &student, &sora)
            .await
            .expect_error(403, "forbidden", &[]);
        let speaker = not(number + 10, "company", change).await;
        ask(&world, &hana, &speaker)
            .await
            .expect_error(404, "not_found", &[]);
    }
    let unlisted = not(30, "company", |profile| profile.listed = false).await;
    ask(&world, &hana, &unlisted)
        .await
        .expect_error(404, "not_found", &[]);
    let stranger = json!({"speaker_id": "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e"});
    ask_so(&world, &hana, &sora, stranger)
        .await
        .expect_error(404, "not_found", &[]);
    let student = json!({"speaker_id": visitor_id(user_id(2))});
    ask_so(&world, &hana, &sora, student)
        .await
        .expect_error(404, "not_found", &[]);
    for (field, wrong) in [
        ("message", json!("")),
        ("message", json!("090-1234-5678に電話を")),
        ("message", json!("a".repeat(2001))),
        ("meeting_length", json!(50)),
        ("meeting_length", json!(135)),
        ("date", json!("2026-11-20T13:45:00Z")),
        ("date", json!("2026-11-25T10:05:00Z")),
        ("date", json!("2027-01-25T10:00:00Z")),
    ] {
        let answer = ask_so(&world, &hana, &sora, json!({field: wrong})).await;
        answer.expect_error(400, "invalid_parameter", &[&format!("{field}: invalid")]);
    }
    let wrong = json!({"message": "", "meeting_length": 50});
    ask_so(&world, &hana, &sora, wrong).await.expect_error(
        400,
        "invalid_parameter",
        &["meeting_length: invalid", "message: invalid"],
    );
    assert!(items(&world, "MATCHING#").is_empty());

    // Whoever minds, it is both who do not meet.
    for (mind, by_me) in [(user_id(1), true), (user_id(2), false)] {
        let other = if by_me { user_id(2) } else { user_id(1) };
        let row = |visitor, by_me| Block {
            visitor_id: visitor_id(visitor),
            by_me,
            by_them: !by_me,
        };
        let rows = [
            (block_key(mind, other), row(other, true)),
            (block_key(other, mind), row(mind, false)),
        ];
        import::items(&world.stack, "VisitsTable", rows).unwrap();
        ask(&world, &hana, &sora)
            .await
            .expect_error(404, "not_found", &[]);
    }
}

#[tokio::test]
async fn a_student_has_few_requests_waiting_and_asks_so_often_a_day() {
    let world = World::with(|options| {
        options
            .parameters
            .insert("VisitRequestRate".into(), "7/24h".into());
    })
    .await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(ask(&world, &hana, &sora).await.expect(201).text("id"));
    }
    ask(&world, &hana, &sora)
        .await
        .expect_error(409, "conflict", &[]);
    assert_eq!(counted(&world, &hana, "open_requests"), 5);
    let decline = json!({"action": "decline"});
    act(&world, &sora, &ids[0], decline).await.expect(200);
    assert_eq!(counted(&world, &hana, "open_requests"), 4);
    ask(&world, &hana, &sora).await.expect(201);
    let answer = ask(&world, &hana, &sora).await;
    let answer = answer.expect_error(429, "too_many_requests", &[]);
    assert!(answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_request_with_the_same_key_is_made_once() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let body = json!({
        "speaker_id": visitor_id(sora.id.parse().unwrap()), "message": "はじめまして",
        "meeting_length": 30,
    });
    let keyed = async |body: &Value| {
        let request = Request::post("/api/matching")
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", hana.access_token),
            )
            .header("idempotency-key", "one")
            .body(body.to_string().into())
            .unwrap();
        world.send(request).await
    };
    let first = keyed(&body).await.expect(201);
    assert_eq!(first.body["date"], Value::Null);
    let again = keyed(&body).await.expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(counted(&world, &hana, "open_requests"), 1);
    let mut other = body.clone();
    other["meeting_length"] = json!(60);
    keyed(&other).await.expect_error(409, "conflict", &[]);
}

#[tokio::test]
async fn a_request_without_a_date_gets_one_from_the_employee() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let asked = ask_so(&world, &hana, &sora, json!({})).await.expect(201);
    let id = asked.text("id");
    let accept = json!({"action": "accept"});
    let answer = act(&world, &sora, &id, accept.clone()).await;
    answer.expect_error(400, "invalid_parameter", &["date: missing_field"]);
    let dated = json!({"action": "accept", "date": DATE});
    let answered = act(&world, &sora, &id, dated).await.expect(200).body;
    assert_eq!(answered["state"], "requested");
    assert_eq!(answered["proposal"]["by"], "speaker");
    // It is for the other now.
    let answer = act(&world, &sora, &id, accept.clone()).await;
    let answer = answer.expect_error(409, "conflict", &[]);
    assert!(answer.text("message").contains("requested"));
    let agreed = act(&world, &hana, &id, accept).await.expect(200).body;
    assert_eq!(agreed["state"], "accepted");
    let other = book(&world, &hana, &id, DATE, 30).await;
    other.expect_error(409, "conflict", &[]);
    for (body, field) in [
        (
            json!({"action": "accept", "meeting_length": 30}),
            "meeting_length: invalid",
        ),
        (json!({"action": "cancel", "date": DATE}), "date: invalid"),
        (
            json!({"action": "propose", "meeting_length": 20}),
            "meeting_length: invalid",
        ),
        (
            json!({"action": "propose", "date": "2026-11-20T11:15:00Z"}),
            "date: invalid",
        ),
        (json!({"action": "marry"}), "action: invalid"),
    ] {
        let answer = act(&world, &hana, &id, body).await;
        answer.expect_error(400, "invalid_parameter", &[field]);
    }
}

#[tokio::test]
async fn what_one_has_just_done_is_not_done_twice() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let id = ask(&world, &hana, &sora).await.expect(201).text("id");
    let steps = || items(&world, &format!("MATCHING#{id}")).len();
    let propose = json!({"action": "propose", "date": "2026-11-26T10:00:00Z"});
    let accept = json!({"action": "accept"});
    let cancel = json!({"action": "cancel"});
    for (by, body, state) in [
        (&sora, &propose, "requested"),
        (&hana, &accept, "accepted"),
        (&sora, &cancel, "cancelled"),
    ] {
        let before = steps();
        for _ in 0..3 {
            let answer = act(&world, by, &id, body.clone()).await.expect(200);
            assert_eq!(answer.body["state"], state);
        }
        assert_eq!(steps(), before + 1);
    }
    // What the other did is not one's own.
    let answer = act(&world, &hana, &id, cancel).await;
    let answer = answer.expect_error(409, "conflict", &[]);
    assert!(answer.text("message").contains("cancelled"));

    let id = booked(&world, &hana, &sora).await;
    let again = book(&world, &sora, &id, DATE, 60).await.expect(200);
    assert_eq!(again.body["meeting_length"], 60);
    book(&world, &hana, &id, DATE, 60)
        .await
        .expect_error(409, "conflict", &[]);
}

#[tokio::test]
async fn whoever_agrees_or_books_is_verified_and_so_is_the_other() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let id = ask(&world, &hana, &sora).await.expect(201).text("id");
    let set = |number, kind: &str, is_authenticated| {
        let profile = Profile {
            is_authenticated,
            open_requests: 1,
            ..profile(user_id(number), &format!("{kind}{number}"), kind)
        };
        bring_in(&world, &[profile]);
    };
    let accept = json!({"action": "accept"});
    set(1, "company", false);
    let answer = act(&world, &sora, &id, accept.clone()).await;
    answer.expect_error(403, "forbidden", &[]);
    set(1, "company", true);
    set(2, "student", false);
    let answer = act(&world, &sora, &id, accept.clone()).await;
    answer.expect_error(409, "conflict", &[]);
    // Declining, proposing and cancelling need no such thing.
    let propose = json!({"action": "propose", "date": "2026-11-26T10:00:00Z"});
    act(&world, &hana, &id, propose).await.expect(200);
    set(2, "student", true);
    act(&world, &sora, &id, accept).await.expect(200);
    let date = "2026-11-26T10:00:00Z";
    set(1, "company", false);
    book(&world, &sora, &id, date, 60)
        .await
        .expect_error(403, "forbidden", &[]);
    book(&world, &hana, &id, date, 60)
        .await
        .expect_error(409, "conflict", &[]);
    assert!(cells(&world, &sora).is_empty());
    set(1, "company", true);
    book(&world, &hana, &id, date, 60).await.expect(200);
}

#[tokio::test]
async fn neither_learns_who_the_other_is_before_it_is_paid_for_and_then_the_name_alone() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let mut told = [Vec::new(), Vec::new()];
    let id = ask(&world, &hana, &sora).await.expect(201).text("id");
    let other = json!({"action": "propose", "date": "2026-11-26T10:00:00Z"});
    told[0].push(act(&world, &sora, &id, other).await.expect(200).text);
    told[1].push(
        act(&world, &hana, &id, json!({"action": "accept"}))
            .await
            .expect(200)
            .text,
    );
    let date = "2026-11-26T10:00:00Z";
    told[0].push(book(&world, &sora, &id, date, 60).await.expect(200).text);
    for (of, person) in [(0, &sora), (1, &hana)] {
        told[of].push(world.get(person, "/api/matching").await.expect(200).text);
        told[of].push(seen(&world, person, &id).await.to_string());
    }
    told[0].push(
        act(&world, &sora, &id, json!({"action": "cancel"}))
            .await
            .expect(200)
            .text,
    );
    world.stack.settle().await;
    for (of, person) in [(0, &sora), (1, &hana)] {
        for mail in mails(&world, person) {
            told[of].extend(
                mail.attachments
                    .iter()
                    .map(|file| String::from_utf8(file.bytes()).unwrap()),
            );
            told[of].push(format!("{} {:?}", mail.subject, mail.text));
        }
    }
    for (of, other) in [(0, &hana), (1, &sora)] {
        let secrets = [
            &*other.id,
            &other.name,
            &other.email,
            "090-1234-5678",
            "2000-04-02",
        ];
        for text in &told[of] {
            for secret in secrets {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }

    let [speaker, listener] = [
        profile(user_id(1), "company1", "company"),
        profile(user_id(2), "student2", "student"),
    ];
    later(&world, 1);
    let known = paid(&world, (&speaker, &listener));
    let shown = seen(&world, &hana, &known).await;
    assert_eq!(shown["partner"], json!({"name": "company1"}));
    assert_eq!(shown["is_done_payment"], true);
    let list = world.get(&sora, "/api/matching").await.expect(200);
    assert_eq!(list.body[0]["partner"], json!({"name": "student2"}));
    for secret in [&*hana.id, &hana.email, "090-1234-5678", "2000-04-02"] {
        assert!(!list.text.contains(secret), "{}", list.text);
    }
    assert!(list.body[1]["partner"].is_null());
}

#[tokio::test]
async fn my_matchings_are_listed_the_newest_first_a_page_at_a_time() {
    let world = World::new().await;
    let sora = verified(&world, 1, "company").await;
    let hana = verified(&world, 2, "student").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, ask(&world, &hana, &sora).await.expect(201).text("id"));
        later(&world, 1);
    }
    for person in [&hana, &sora] {
        let mut listed = Vec::new();
        let mut next = Some("/api/matching?limit=2".to_owned());
        while let Some(path) = next {
            let page = world.get(person, &path).await.expect(200);
            listed.extend(
                page.body
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| text(&one["id"])),
            );
            next = page.headers.get("link").map(|link| {
                let link = link.to_str().unwrap().strip_prefix('<').unwrap();
                link.split_once('>').unwrap().0.to_owned()
            });
        }
        assert_eq!(listed, ids);
    }
    let nobody = world.sign_up("nobody").await;
    let none = world.get(&nobody, "/api/matching").await.expect(200);
    assert_eq!(none.body, json!([]));
    let path = format!("/api/matching/{}", ids[0]);
    world
        .get(&nobody, &path)
        .await
        .expect_error(404, "not_found", &[]);
    for cursor in ["%20", "Zm9v"] {
        let path = format!("/api/matching?cursor={cursor}");
        let answer = world.get(&hana, &path).await;
        answer.expect_error(400, "invalid_parameter", &["cursor: invalid"]);
    }
}
