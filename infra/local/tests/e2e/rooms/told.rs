//! Told in time: letters and frames about one's room, and the click that ends the letters.

use std::collections::BTreeSet;

use enishi_local::mailbox::Mail;
use http::{Request, header};
use serde_json::{Value, json};

use super::hall::{Guest, Hall};
use crate::{
    live::Socket,
    support::{Answer, MORNING, Person, World, text},
};

/// Somebody who signs up with this `Accept-Language`.
pub async fn sign_up(world: &World, name: &str, language: &str) -> Person {
    let email = format!("{name}@example.com");
    let password = format!("correct horse {name}");
    let body = json!({"username": name, "email": email, "password": password});
    let request = Request::post("/signup")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT_LANGUAGE, language)
        .body(body.to_string().into())
        .unwrap();
    let answer = world.send(request).await.expect(201);
    Person::new(name, &email, &password, &answer)
}

/// The letters about rooms that somebody got, oldest first.
pub fn letters(world: &World, person: &Person) -> Vec<Mail> {
    let mut mails = world.stack.mailbox().mails();
    mails.retain(|mail| mail.to == [person.email.clone()] && !mail.headers.is_empty());
    mails
}

/// Where a letter's one click goes (RFC 8058), as its headers say.
pub fn one_click(mail: &Mail) -> String {
    let header = |wanted: &str| {
        let mut headers = mail.headers.iter();
        let found = headers.find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).unwrap()
    };
    assert_eq!(
        header("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
    let url = header("List-Unsubscribe");
    let url = url.strip_prefix('<').and_then(|url| url.strip_suffix('>'));
    url.unwrap().to_owned()
}

/// What a mail program sends for the click.
pub async fn click(world: &World, url: &str) -> Answer {
    let body = "List-Unsubscribe=One-Click";
    let request = Request::post(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap();
    world.send_anywhere(request).await
}

async fn enrolled(hall: &Hall, people: &[&Person]) {
    for person in people {
        hall.enroll(&Guest::of(person), MORNING).await.expect(201);
    }
}

#[tokio::test]
async fn after_the_draw_everybody_is_told_in_their_language_and_on_the_live_connection() {
    let hall = Hall::new().await;
    let world = &hall.world;
    let mut hana = sign_up(world, "hana", "ja").await;
    let seoyeon = sign_up(world, "seoyeon", "ko-KR").await;
    let kate = sign_up(world, "kate", "en").await;
    let gone = sign_up(world, "gone", "en").await;
    enrolled(&hall, &[&hana, &seoyeon, &kate, &gone]).await;
    let path = format!("/register/{MORNING}");
    hall.delete(&Guest::of(&gone), &path).await.expect(204);
    hall.set("08:49");
    world.refresh(&mut hana).await;
    let mut socket = Socket::open(world, &hana).await;

    hall.at("08:50").await;
    hall.at("08:51").await;
    let url = "http://localhost:5173/rooms/20261121T0900-0";
    for (person, subject, with) in [
        (
            &hana,
            "09:00からの部屋が決まりました",
            "kate さん, seoyeon さん",
        ),
        (
            &seoyeon,
            "09:00 모임의 방이 정해졌습니다",
            "hana 님, kate 님",
        ),
        (&kate, "Your room for 09:00 is ready", "hana, seoyeon"),
    ] {
        let letters = letters(world, person);
        let [letter] = letters.as_slice() else {
            panic!("{}: {letters:?}", person.name);
        };
        assert_eq!(letter.subject, subject);
        let text = letter.text.clone().unwrap();
        let named = text
            .lines()
            .find(|line| line.contains(": ") && line.contains(with.split(',').next().unwrap()));
        let named: BTreeSet<&str> = named
            .unwrap()
            .split_once(": ")
            .unwrap()
            .1
            .split(", ")
            .collect();
        assert_eq!(named, with.split(", ").collect(), "{text}");
        assert!(text.contains(url) && text.contains("Asia/Tokyo"), "{text}");
        assert!(text.contains(&one_click(letter)), "{text}");
    }
    assert!(letters(world, &gone).is_empty());

    let frame = socket.next().await;
    let mut found = hall.meeting_url(&Guest::of(&hana), MORNING).await.body;
    assert_eq!(frame["type"], "roomReady");
    for field in ["room_id", "url", "date", "time", "members"] {
        assert_eq!(frame[field], found[field].take(), "{field}");
    }
    assert_eq!(frame["url"], url);

    // Once, whatever runs again.
    let before = world.stack.mailbox().mails().len();
    hall.draw(MORNING).await;
    for time in ["08:52", "08:56", "09:02"] {
        hall.at(time).await;
    }
    assert_eq!(world.stack.mailbox().mails().len(), before);
    socket.expect_nothing().await;
    world.nothing_given_up();
}

#[tokio::test]
async fn the_evening_before_everybody_is_reminded_who_is_still_enrolled() {
    let hall = Hall::new().await;
    let world = &hall.world;
    let [hana, ken, mio] = ["hana", "ken", "mio"].map(|name| sign_up(world, name, "en"));
    let (hana, ken, mio) = (hana.await, ken.await, mio.await);
    world.at("2026-11-20T19:00").await;
    enrolled(&hall, &[&hana, &ken]).await;
    world.at("2026-11-20T19:59").await;
    assert!(letters(world, &hana).is_empty());
    let path = format!("/register/{MORNING}");
    hall.delete(&Guest::of(&ken), &path).await.expect(204);
    for time in ["20:00", "20:01", "21:30"] {
        world.at(&format!("2026-11-20T{time}")).await;
    }
    // Whoever enrolls later knows it.
    enrolled(&hall, &[&mio]).await;
    world.at("2026-11-20T22:59").await;
    let [letter] = letters(world, &hana).try_into().unwrap();
    assert_eq!(letter.subject, "Tomorrow at 09:00");
    let text = letter.text.unwrap();
    assert!(text.starts_with("Hello hana,\n\n"), "{text}");
    assert!(text.contains("2026-11-21 at 09:00 (Asia/Tokyo)"), "{text}");
    assert!(letters(world, &ken).is_empty() && letters(world, &mio).is_empty());
    world.nothing_given_up();
}

#[tokio::test]
async fn one_click_ends_the_letters_and_the_page_only_asks() {
    let hall = Hall::new().await;
    let world = &hall.world;
    let hana = sign_up(world, "hana", "en").await;
    let ken = sign_up(world, "ken", "en").await;
    enrolled(&hall, &[&hana, &ken]).await;
    world.at("2026-11-20T20:01").await;
    let url = one_click(&letters(world, &hana)[0]);
    assert_ne!(url, one_click(&letters(world, &ken)[0]));

    // A program that looks at the link ends nothing.
    let look = async |language: &str| {
        let request = Request::get(&url).header(header::ACCEPT_LANGUAGE, language);
        let request = request.body(bytes::Bytes::new()).unwrap();
        world.send_anywhere(request).await.expect(200)
    };
    for (language, button) in [
        ("ja", "停止する"),
        ("ko", "그만 받기"),
        ("en", "No more letters"),
    ] {
        let page = look(language).await;
        assert!(page.text.contains(button), "{}", page.text);
        assert!(
            page.text.contains("<form method=\"post\">"),
            "{}",
            page.text
        );
        assert!(
            page.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
    }
    for _ in 0..2 {
        click(world, &url).await.expect(200);
    }
    hall.at("08:50").await;
    hall.at("08:51").await;
    assert_eq!(letters(world, &hana).len(), 1);
    assert_eq!(letters(world, &ken).len(), 2);

    // And again, when they are wanted again.
    click(world, &format!("{url}&again=true")).await.expect(200);
    world.at("2026-11-21T19:00").await;
    for person in [&hana, &ken] {
        let answer = hall.enroll(&Guest::of(person), "2026-11-22").await;
        answer.expect(201);
    }
    world.at("2026-11-21T20:01").await;
    assert_eq!(letters(world, &hana).len(), 2);
    assert_eq!(letters(world, &ken).len(), 3);

    let (base, token) = url.split_once("token=").unwrap();
    let mut forged = token.to_owned();
    forged.replace_range(20..21, if &token[20..21] == "A" { "B" } else { "A" });
    for wrong in [forged.as_str(), "", "x", &token[1..]] {
        let answer = click(world, &format!("{base}token={wrong}")).await;
        answer.expect_error(400, "invalid_parameter", &["token: invalid"]);
    }
    let answer = click(world, base.trim_end_matches('?')).await;
    answer.expect_error(400, "invalid_parameter", &["token: missing_field"]);
}

#[tokio::test]
async fn no_link_lies_in_a_table_and_closed_accounts_get_nothing() {
    let hall = Hall::new().await;
    let world = &hall.world;
    let hana = sign_up(world, "hana", "ja").await;
    let ken = sign_up(world, "ken", "ja").await;
    enrolled(&hall, &[&hana, &ken]).await;
    world.at("2026-11-20T20:01").await;
    let url = one_click(&letters(world, &hana)[0]);
    let token = url.split_once("token=").unwrap().1;
    for table in ["RoomsTable", "IdentityTable"] {
        for item in world.items(table) {
            assert!(!item.to_string().contains(token), "{item}");
        }
    }
    let own = Some(hana.access_token.as_str());
    let closed = world.call("DELETE", "/api/users/me", own, None).await;
    closed.expect(204);
    world.stack.settle().await;
    click(world, &url).await.expect(200);
    hall.at("08:50").await;
    hall.at("08:51").await;
    assert_eq!(letters(world, &hana).len(), 1);
    assert_eq!(letters(world, &ken).len(), 2);
}

#[tokio::test]
async fn a_run_goes_on_where_the_one_before_had_no_more_time() {
    let hall = Hall::new().await;
    let announced = |what: &str| -> BTreeSet<String> {
        let items = hall.dump().into_iter().map(|item| text(&item["pk"]["S"]));
        let prefix = format!("OUTBOX#{what}-");
        items.filter(|pk| pk.starts_with(&prefix)).collect()
    };
    let guests = hall.guests(12);
    hall.enroll_all(&guests, MORNING).await;
    // The people of half of the partitions were reminded.
    let partition = |item: &Value| text(&item["pk"]["S"]).chars().last();
    let rest = hall.dump().into_iter().filter(|item| {
        let is_enrollment = text(&item["sk"]["S"]).starts_with("E#");
        is_enrollment && partition(item) >= Some('4')
    });
    let rest = rest.count();
    hall.put(&json!({
        "pk": {"S": format!("SLOT#{MORNING}T09:00#P0")}, "sk": {"S": "TOLD"},
        "partition": {"N": "4"}, "after": {"NULL": true}, "ttl": {"N": "1900000000"},
    }));
    let run = hall.sweep("RoomsOpen").await.unwrap();
    assert_eq!(run["reminded"], json!(rest));
    assert_eq!(announced("reminder").len(), rest);
    assert_eq!(hall.sweep("RoomsOpen").await.unwrap()["reminded"], json!(0));

    hall.set("08:50");
    hall.sweep("RoomsAssign").await.unwrap();
    // Of three rooms the first was told.
    let mut items = hall.dump().into_iter();
    let mut draw = items.find(|item| item["pk"]["S"] == "SLOTS").unwrap();
    draw["told"] = json!({"N": "1"});
    hall.put(&draw);
    hall.set("08:51");
    for people in [8, 0] {
        let run = hall.sweep("RoomsOpen").await.unwrap();
        assert_eq!(run["told"], json!(people));
        assert_eq!(announced("ready").len(), 8);
    }
}
