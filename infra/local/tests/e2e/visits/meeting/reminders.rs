//! Reminders, a day and an hour before: by the clock, once, however late or often the sweep comes.

use enishi_visits::state::Party;

use super::*;
use crate::visits::people::act;

/// A moment before the visits, in Tokyo.
fn moment(time: &str) -> Timestamp {
    tokyo(&format!("2026-11-{time}"))
}

#[tokio::test]
async fn both_are_reminded_a_day_and_an_hour_before() {
    let visits = Visits::new().await;
    visits.paid();
    for (time, reminders) in [
        ("24T18:59:59", 0),
        ("24T19:00", 2),
        ("24T19:00", 2),
        ("24T19:01", 2),
        ("25T17:59:59", 2),
        ("25T18:00", 4),
        ("25T18:01", 4),
        ("25T19:00", 4),
    ] {
        visits.world.stack.at(moment(time)).await;
        assert_eq!(visits.told("reminder"), reminders, "{time}");
    }
    for party in Party::ALL {
        let person = visits.person(party).await;
        let mut mails = visits.world.stack.mailbox().mails();
        mails.retain(|mail| mail.to == [person.email.as_str()]);
        assert_eq!(mails.len(), 2, "{mails:?}");
    }
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn a_sweep_that_comes_late_reminds_once_and_not_of_what_has_begun() {
    // When the sweep runs first, and how often both are reminded in the end.
    for (first, then, times) in [
        ("25T10:00", "25T18:00", 2),
        ("25T18:30", "25T18:31", 1),
        ("25T19:00", "25T19:01", 0),
        // After the end, too, which the same run sees to.
        ("25T21:00", "25T21:01", 0),
    ] {
        let visits = Visits::new().await;
        let id = visits.paid();
        for time in [first, first, then, then] {
            visits.world.stack.clock().set(Some(moment(time)));
            visits.sweep().await.unwrap();
        }
        assert_eq!(visits.told("reminder"), 2 * times, "{first}");
        let over = first > "25T19:35";
        assert_eq!(visits.state(&id) == "refunded", over, "{first}");
    }
}

#[tokio::test]
async fn of_a_visit_that_was_paid_for_late_only_what_is_ahead_is_told() {
    let visits = Visits::new().await;
    visits.world.stack.at(moment("24T20:00")).await;
    visits.paid();
    for (time, reminders) in [("24T20:01", 0), ("25T17:59", 0), ("25T18:00", 2)] {
        visits.world.stack.at(moment(time)).await;
        assert_eq!(visits.told("reminder"), reminders, "{time}");
    }
}

#[tokio::test]
async fn two_sweeps_at_once_remind_once() {
    let visits = Visits::new().await;
    for _ in 0..3 {
        visits.paid();
    }
    visits.world.stack.clock().set(Some(moment("24T19:00")));
    let (one, other) = tokio::join!(visits.sweep(), visits.sweep());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(visits.told("reminder"), 6);
}

#[tokio::test]
async fn of_a_visit_that_is_moved_or_cancelled_nobody_is_reminded_at_the_old_time() {
    let visits = Visits::new().await;
    let [moved, cancelled] = [visits.paid(), visits.paid()];
    let [speaker, listener] = [
        visits.person(Party::Speaker).await,
        visits.person(Party::Listener).await,
    ];
    let later = json!({"action": "propose", "date": "2026-11-26T10:00:00Z"});
    let yes = json!({"action": "accept"});
    let no = json!({"action": "cancel"});
    for (by, id, body) in [
        (&speaker, &moved, later),
        (&listener, &moved, yes),
        (&speaker, &cancelled, no),
    ] {
        act(&visits.world, by, id, body).await.expect(200);
    }
    for (time, reminders) in [
        ("24T19:00", 0),
        ("25T18:00", 0),
        ("25T19:00", 2),
        ("26T18:00", 4),
    ] {
        visits.world.stack.at(moment(time)).await;
        assert_eq!(visits.told("reminder"), reminders, "{time}");
    }
}
