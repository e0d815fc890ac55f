//! `POST` and `DELETE /me/calendar`, `GET /calendar/{token}`.

use bytes::Bytes;
use http::{Request, header};
use serde_json::json;

use super::hall::{Guest, Hall};
use crate::support::{Answer, MORNING};

/// Makes an address, in a language; answers it.
async fn make(hall: &Hall, guest: &Guest, language: &str) -> String {
    let request = Request::post("/me/calendar")
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", hall.token(guest).await),
        )
        .header(header::ACCEPT_LANGUAGE, language)
        .body(Bytes::new())
        .unwrap();
    hall.world.send(request).await.expect(201).text("url")
}

/// What a calendar program gets there: it has no token and no headers of ours.
async fn read(hall: &Hall, url: &str) -> Answer {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    hall.world.send_anywhere(request).await
}

/// The values of a property of the feed, in order, unfolded.
fn values<'a>(feed: &'a str, property: &str) -> Vec<&'a str> {
    let lines = feed.split("\r\n");
    lines
        .filter_map(|line| line.strip_prefix(property)?.strip_prefix(':'))
        .collect()
}

#[tokio::test]
async fn the_feed_shows_ones_enrollments_and_rooms() {
    let hall = Hall::new().await;
    let guests = hall.guests(3);
    let url = make(&hall, &guests[0], "en").await;
    assert!(url.starts_with(&hall.world.stack.url()), "{url}");
    assert!(url.ends_with(".ics"), "{url}");
    // Nothing yet, and valid all the same.
    let empty = read(&hall, &url).await.expect(200);
    assert_eq!(
        empty.headers[header::CONTENT_TYPE],
        "text/calendar; charset=utf-8"
    );
    assert_eq!(
        values(&empty.text, "BEGIN"),
        ["VCALENDAR", "VTIMEZONE", "STANDARD"]
    );

    hall.enroll_all(&guests, MORNING).await;
    for date in ["2026-11-22", "2026-11-23"] {
        hall.enroll(&guests[0], date).await.expect(201);
    }
    let feed = read(&hall, &url).await.expect(200).text;
    assert_eq!(
        values(&feed, "DTSTART"),
        ["20261121T000000Z", "20261122T000000Z", "20261123T000000Z"]
    );
    assert_eq!(values(&feed, "DTEND")[0], "20261121T003000Z");
    assert_eq!(values(&feed, "STATUS"), ["CONFIRMED"; 3]);
    assert!(values(&feed, "URL").is_empty());
    let list = hall.get(&guests[0], "/register/").await.expect(200);
    assert_eq!(values(&feed, "UID")[0], list.body[0]["id"]);

    // With the room once it is drawn, and without who has withdrawn in time.
    hall.delete(&guests[0], "/register/2026-11-22")
        .await
        .expect(204);
    hall.at("08:50").await;
    let feed = read(&hall, &url).await.expect(200).text;
    assert_eq!(
        values(&feed, "URL"),
        ["http://localhost:5173/rooms/20261121T0900-0"]
    );
    assert_eq!(values(&feed, "SEQUENCE"), ["1", "0"]);
    for other in &guests[1..] {
        assert!(!feed.contains(&other.name), "{feed}");
    }
    // Late, it is cancelled; and stays for a month, so that no calendar forgets it.
    hall.delete(&guests[0], "/register/2026-11-21")
        .await
        .expect(204);
    for days in [0, 30, 31] {
        let day = jiff::civil::date(2026, 11, 21).saturating_add(jiff::Span::new().days(days));
        hall.world.at(&format!("{day}T08:55")).await;
        let feed = read(&hall, &url).await.expect(200).text;
        let expected: &[&str] = match days {
            0 => &["CANCELLED", "CONFIRMED"],
            // The schedule stood still on the 23rd.
            30 => &["CANCELLED", "CANCELLED"],
            _ => &["CANCELLED"],
        };
        assert_eq!(values(&feed, "STATUS"), expected, "{days}");
    }
}

#[tokio::test]
async fn an_address_is_secret_and_ends_with_the_next_one() {
    let hall = Hall::new().await;
    let (guest, other) = (hall.guest("hanako"), hall.guest("taro"));
    hall.enroll(&guest, MORNING).await.expect(201);
    let first = make(&hall, &guest, "ko-KR,ko;q=0.9").await;
    let feed = read(&hall, &first).await.expect(200).text;
    assert_eq!(values(&feed, "SUMMARY"), ["Enishi 룸"]);
    // It lies nowhere as it is.
    let token = first.rsplit('/').next().unwrap().trim_end_matches(".ics");
    let dump = serde_json::to_string(&hall.dump()).unwrap();
    assert!(!dump.contains(token) && !dump.contains(&token[22..]));

    let second = make(&hall, &guest, "*").await;
    assert_ne!(first, second);
    let feed = read(&hall, &second).await.expect(200).text;
    assert_eq!(values(&feed, "SUMMARY"), ["Enishi ルーム"]);
    let others = make(&hall, &other, "ja").await;
    let unknown = |answer: Answer| drop(answer.expect_error(404, "not_found", &[]));
    unknown(read(&hall, &first).await);
    // Any other secret, another person's among them, shows nothing.
    let base = format!("{}/calendar", hall.world.stack.url());
    let other = others.rsplit('/').next().unwrap();
    for token in [
        format!("{}{}", &token[..22], &other[22..]),
        format!("{}A.ics", &token[..63]),
        "x.ics".to_owned(),
        ".ics".to_owned(),
        second
            .rsplit('/')
            .next()
            .unwrap()
            .trim_end_matches(".ics")
            .to_owned(),
    ] {
        unknown(read(&hall, &format!("{base}/{token}")).await);
    }

    for _ in 0..2 {
        hall.delete(&guest, "/me/calendar").await.expect(204);
        unknown(read(&hall, &second).await);
    }
    read(&hall, &others).await.expect(200);
}

#[tokio::test]
async fn who_goes_leaves_no_feed() {
    let hall = Hall::new().await;
    let guest = hall.guest("hanako");
    let url = make(&hall, &guest, "ja").await;
    let erased = hall.world.account_deleted("RoomsErase", &guest.id).await;
    assert_eq!(erased, Ok(serde_json::Value::Null));
    read(&hall, &url).await.expect_error(404, "not_found", &[]);
    let again = hall.post(&guest, "/me/calendar", json!({})).await;
    again.expect_error(401, "access_token_invalid", &[]);
}
