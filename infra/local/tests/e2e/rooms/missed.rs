//! Slots that the schedule missed.

use serde_json::json;

use super::hall::{Guest, Hall};
use crate::support::{MORNING, Person, World, text, tokyo};

/// Letters that tell somebody of a missed slot.
fn told(world: &World, person: &Person) -> usize {
    let mails = world.stack.mailbox().mails();
    let to = mails.iter().filter(|mail| mail.to.contains(&person.email));
    to.filter(|mail| mail.subject.contains("2026-11-21 09:00"))
        .count()
}

#[tokio::test]
async fn its_people_are_told_once_and_nobody_is_absent() {
    let hall = Hall::new().await;
    let people = hall.world.people(9).await;
    let guests: Vec<Guest> = people.iter().map(Guest::of).collect();
    hall.enroll_all(&guests, MORNING).await;
    hall.enroll(&guests[0], "2026-11-22").await.expect(201);
    // Nothing ran from the evening to ten o'clock.
    hall.set("10:00");
    let by_hand = json!({"scheduled_time": tokyo(&format!("{MORNING}T08:50"))});
    let lambda = hall.world.stack.lambda();
    let drawn = lambda.invoke("RoomsAssign", by_hand).await;
    assert_eq!(drawn, Ok(json!([])));
    hall.at("10:01").await;
    for time in ["10:02", "10:03"] {
        hall.at(time).await;
    }
    for (person, guest) in people.iter().zip(&guests) {
        let list = hall.get(guest, "/register/").await.expect(200);
        assert_eq!(list.body[0]["status"], "missed");
        let url = hall.meeting_url(guest, MORNING).await.expect(200);
        assert_eq!(url.body, json!({"status": "missed"}));
        let seen = hall.get(guest, "/me/rooms").await.expect(200);
        assert_eq!(seen.body, json!({"rate": 100, "rooms": []}));
        assert_eq!(told(&hall.world, person), 1, "{}", person.name);
    }
    // The next one takes place.
    hall.world.at("2026-11-22T08:50").await;
    assert_eq!(hall.seating(&guests[..1], "2026-11-22").await.len(), 1);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_draw_that_never_finished_was_missed_too() {
    let hall = Hall::new().await;
    let person = hall.world.sign_up("hanako").await;
    let guest = Guest::of(&person);
    hall.enroll(&guest, MORNING).await.expect(201);
    // As a run leaves it that is cut off after its claim; the rest as another day's draw has it.
    hall.draw("2026-11-22").await;
    let claim = hall
        .dump()
        .into_iter()
        .find(|item| item["pk"]["S"] == "SLOTS");
    let mut claim = claim.unwrap();
    claim["sk"] = json!({"S": "2026-11-21T09:00"});
    claim["state"] = json!({"S": "drawing"});
    hall.put(&claim);
    hall.at("09:30").await;
    assert_eq!(told(&hall.world, &person), 0);
    hall.at("09:31").await;
    assert_eq!(told(&hall.world, &person), 1);
    let draw = hall
        .dump()
        .into_iter()
        .find(|item| item["sk"] == claim["sk"]);
    assert_eq!(text(&draw.unwrap()["state"]["S"]), "missed");
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn what_was_missed_for_days_is_told_of_when_the_schedule_is_back() {
    let hall = Hall::with_slots(&["07:30", "09:00"], 4).await;
    let person = hall.world.sign_up("hanako").await;
    let guest = Guest::of(&person);
    hall.enroll(&guest, MORNING).await.expect(201);
    hall.at("07:20").await;
    hall.at("08:00").await;
    let at = |date: &str| json!({"date": date, "time": "09:00"});
    for date in [MORNING, "2026-11-24"] {
        hall.post(&guest, "/register/", at(date)).await.expect(201);
    }
    hall.world.at("2026-11-27T12:00").await;
    assert_eq!(told(&hall.world, &person), 1);
    let mails = hall.world.stack.mailbox().mails();
    let all = mails.iter().filter(|mail| mail.subject.contains("09:00"));
    assert_eq!(all.count(), 2);
    // Absent on the first, and on no other.
    assert_eq!(hall.rate(&guest).await, 0);
    hall.world.nothing_given_up();
}

#[tokio::test]
async fn a_draw_fired_by_hand_long_after_the_slot_draws_nothing() {
    let hall = Hall::new().await;
    hall.set("09:30");
    let operator = hall.operator();
    let body = json!({"confirm": true});
    let answer = hall.post(&operator, "/assign_room/", body).await;
    answer.expect_error(409, "conflict", &[]);
}
