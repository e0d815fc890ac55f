//! `GET /api/meeting/{matching_id}/join`.

use std::collections::BTreeSet;

use enishi_local::chime::{Fault, Quotas};
use enishi_visits::state::{Party, State};
use http::header;

use super::*;
use crate::visits::people::{act, verified};

/// 503 with `Retry-After`.
#[track_caller]
pub fn try_again(answer: Answer) {
    let answer = answer.expect_error(503, "service_unavailable", &[]);
    let seconds = answer.headers[header::RETRY_AFTER].to_str().unwrap();
    let seconds: u32 = seconds.parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn the_two_of_a_paid_visit_get_one_meeting_and_each_their_own_token_only() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("18:56");
    let first = visits.connect(Party::Listener, &id).await;
    let second = visits.connect(Party::Speaker, &id).await;
    assert_eq!(first.body["Meeting"], second.body["Meeting"]);
    let name = format!("enishi_v-{}", id.replace('-', ""));
    assert_eq!(first.body["Meeting"]["ExternalMeetingId"], name);
    let [hers, theirs] =
        [&first, &second].map(|answer| text(&answer.body["Attendee"]["JoinToken"]));
    assert_ne!(hers, theirs);
    assert!(!second.text.contains(&hers) && !first.text.contains(&theirs));
    // Nothing that tells who the other is.
    for party in Party::ALL {
        let person = visits.person(party).await;
        for answer in [&first, &second] {
            assert!(!answer.text.contains(&person.id) && !answer.text.contains(&person.name));
        }
    }
    assert_eq!(first.headers["cache-control"], "no-store");
    // Once more is the same, and asks Chime nothing.
    let before = visits.world.stack.chime().requests();
    let again = visits.join(Party::Listener, &id).await.expect(200);
    assert_eq!(again.body, first.body);
    assert_eq!(visits.world.stack.chime().requests(), before);
    assert_eq!(visits.world.asked("CreateMeetingWithAttendees"), 1);
    assert_eq!(visits.world.asked("CreateAttendee"), 0);
    // At rest tokens are sealed.
    let stored = serde_json::to_string(&items(&visits.world, "MATCHING#")).unwrap();
    assert!(!stored.contains(&hers) && !stored.contains(&theirs));
    visits.world.stack.settle().await;
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn one_joins_a_paid_visit_from_five_minutes_before_until_five_minutes_after() {
    let visits = Visits::new().await;
    let id = visits.paid();
    for (time, status, says) in [
        ("18:54:59", 409, "opens at 2026-11-25T09:55:00Z"),
        ("18:55", 200, ""),
        ("19:34:59", 200, ""),
        ("19:35", 409, "over"),
    ] {
        visits.set(time);
        for party in Party::ALL {
            let answer = visits.join(party, &id).await;
            if status == 409 {
                let answer = answer.expect_error(409, "conflict", &[]);
                assert!(answer.text("message").contains(says), "{}", answer.text);
            } else {
                answer.expect(status);
            }
        }
    }
    visits.set("19:00");
    for state in State::ALL {
        if state == State::Paid {
            continue;
        }
        let id = visits.standing(state);
        let answer = visits.join(Party::Speaker, &id).await;
        let answer = answer.expect_error(409, "conflict", &[]);
        // What should have lapsed has.
        let shown = match state {
            State::Accepted | State::Scheduled => "cancelled",
            state => state.text(),
        };
        assert!(
            answer.text("message").contains(shown),
            "{state:?} {}",
            answer.text
        );
    }
    let stranger = verified(&visits.world, 3, "student").await;
    let operator = visits.world.operator().await;
    for (person, id) in [
        (&stranger, id.as_str()),
        (&operator, &id),
        (&stranger, "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50"),
        (&stranger, "x"),
    ] {
        let answer = join(&visits.world, person, id).await;
        answer.expect_error(404, "not_found", &[]);
    }
    assert_eq!(visits.world.asked("CreateMeetingWithAttendees"), 2);
}

#[tokio::test]
async fn a_booking_is_joined_once_it_is_paid_for_and_no_more_once_it_is_cancelled() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("18:56");
    visits.connect(Party::Speaker, &id).await;
    let hana = visits.person(Party::Listener).await;
    let cancel = serde_json::json!({"action": "cancel"});
    act(&visits.world, &hana, &id, cancel).await.expect(200);
    for party in Party::ALL {
        let answer = visits.join(party, &id).await;
        let answer = answer.expect_error(409, "conflict", &[]);
        assert!(
            answer.text("message").contains("refunded"),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_meeting_that_nobody_joined_is_opened_anew() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("18:55");
    let mut meetings = BTreeSet::new();
    for (time, told) in [
        ("18:55", true),
        ("19:01", true),
        ("19:07", false),
        ("19:13", true),
    ] {
        match told {
            true => visits.at(time).await,
            // Chime's events got lost.
            false => visits.set(time),
        }
        let [one, other] = [
            visits.join(Party::Speaker, &id).await.expect(200),
            visits.join(Party::Listener, &id).await.expect(200),
        ];
        assert_eq!(one.body["Meeting"], other.body["Meeting"]);
        meetings.insert(text(&one.body["Meeting"]["MeetingId"]));
    }
    assert_eq!(meetings.len(), 4);
    assert_eq!(visits.world.stack.chime().live_meetings().len(), 1);
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn joining_survives_whatever_befalls_it_at_chime() {
    let visits = Visits::new().await;
    visits.set("18:58");
    let faults = [
        Fault::Throttled,
        Fault::Unavailable,
        Fault::Conflict,
        Fault::Lost,
    ];
    for fault in faults {
        let id = visits.paid();
        let chime = visits.world.stack.chime();
        chime.inject("CreateMeetingWithAttendees", fault);
        let mut meetings = BTreeSet::new();
        for party in Party::ALL {
            let mut answer = visits.join(party, &id).await;
            if answer.status != 200 {
                try_again(answer);
                answer = visits.join(party, &id).await.expect(200);
            }
            connected(&visits.world, &answer);
            meetings.insert(text(&answer.body["Meeting"]["MeetingId"]));
        }
        assert_eq!(meetings.len(), 1, "{fault:?}");
    }
    // Nothing was made twice.
    assert_eq!(visits.world.stack.chime().live_meetings().len(), 4);
}

#[tokio::test]
async fn beyond_chimes_quota_one_is_to_try_again_and_gets_in_when_there_is_room() {
    let visits = Visits::with(|options| {
        options.quotas = Quotas {
            concurrent_meetings: Some(1),
            ..Quotas::default()
        };
    })
    .await;
    let [one, other] = [visits.paid(), visits.paid()];
    visits.set("18:58");
    visits.join(Party::Speaker, &one).await.expect(200);
    for party in Party::ALL {
        try_again(visits.join(party, &other).await);
    }
    // Nobody came to the first one.
    visits.at("19:04").await;
    visits.connect(Party::Listener, &other).await;
}
