//! The end of a visit, by the sweep of each minute; and that no meeting is left behind.

use enishi_local::chime::Fault;
use enishi_shared::chime::Venue;
use enishi_visits::{matching::venue_name, meeting::meeting_key, profile::table, state::Party};

use super::*;
use crate::visits::people::{act, holds};

#[tokio::test]
async fn a_visit_ends_five_minutes_after_its_end_with_whoever_is_still_there() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("18:57");
    for party in Party::ALL {
        visits.connect(party, &id).await;
    }
    for time in ["18:57", "19:01", "19:30", "19:34:59"] {
        visits.at(time).await;
        assert_eq!(visits.state(&id), "paid", "{time}");
        assert_eq!(visits.world.stack.chime().live_meetings().len(), 1);
    }
    // Once, however often it runs.
    for time in ["19:35", "19:35", "19:36", "19:37", "20:00"] {
        visits.at(time).await;
        assert_eq!(visits.state(&id), "done", "{time}");
        assert!(visits.world.stack.chime().live_meetings().is_empty());
        assert_eq!(visits.told("ended"), 2);
        assert_eq!(visits.world.asked("DeleteMeeting"), 1);
    }
    for party in Party::ALL {
        assert!(holds(&visits.world, &visits.person(party).await).is_empty());
    }
    let left = items(&visits.world, &format!("MATCHING#{id}"));
    assert!(left.iter().all(|row| row["due"].is_null()), "{left:?}");
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn a_sweep_that_comes_hours_late_ends_it_all_the_same() {
    let visits = Visits::new().await;
    let [seen, alone] = [visits.paid(), visits.paid()];
    visits.set("18:57");
    for party in Party::ALL {
        visits.connect(party, &seen).await;
    }
    visits.connect(Party::Listener, &alone).await;
    visits.world.stack.settle().await;
    visits.set("23:00");
    // Two at once, too.
    let (one, other) = tokio::join!(visits.sweep(), visits.sweep());
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(visits.state(&seen), "done");
    assert_eq!(visits.state(&alone), "refunded");
    assert_eq!(visits.refunds(&alone), [PAID]);
    assert!(visits.refunds(&seen).is_empty());
    assert!(visits.world.stack.chime().live_meetings().is_empty());
    visits.world.stack.settle().await;
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn a_meeting_that_chime_does_not_end_keeps_its_visit_due_and_no_other_one() {
    let visits = Visits::new().await;
    let [first, second] = [visits.paid(), visits.paid()];
    visits.set("18:57");
    visits.connect(Party::Speaker, &first).await;
    visits.world.stack.settle().await;
    visits.set("19:35");
    let chime = visits.world.stack.chime();
    // As often as the SDK tries.
    for _ in 0..3 {
        chime.inject("DeleteMeeting", Fault::Unavailable);
    }
    assert!(visits.sweep().await.is_err());
    assert_eq!(visits.state(&first), "paid");
    assert_eq!(visits.state(&second), "refunded");
    visits.at("19:36").await;
    assert_eq!(visits.state(&first), "done");
    assert!(visits.world.stack.chime().live_meetings().is_empty());
}

#[tokio::test]
async fn who_is_inside_when_it_is_cancelled_is_out_a_minute_after_the_start() {
    let visits = Visits::new().await;
    let [kept, cancelled] = [visits.paid(), visits.paid()];
    visits.set("18:56");
    for id in [&kept, &cancelled] {
        for party in Party::ALL {
            visits.connect(party, id).await;
        }
    }
    visits.set("18:59");
    let sora = visits.person(Party::Speaker).await;
    let no = json!({"action": "cancel"});
    act(&visits.world, &sora, &cancelled, no).await.expect(200);
    assert_eq!(visits.refunds(&cancelled), [PAID]);
    visits.at("19:00").await;
    assert_eq!(visits.world.stack.chime().live_meetings().len(), 2);
    visits.at("19:01").await;
    let living = visits.world.stack.chime().live_meetings();
    let names: Vec<_> = living
        .iter()
        .map(|it| it.external_meeting_id.as_str())
        .collect();
    assert_eq!(names, [format!("enishi_v-{}", kept.replace('-', ""))]);
    assert_eq!(living[0].present.len(), 2);
    visits.at("19:36").await;
    assert_eq!(visits.state(&kept), "done");
    assert!(visits.world.stack.chime().live_meetings().is_empty());
    let due = items(&visits.world, "MATCHING#");
    assert!(due.iter().all(|row| row["due"].is_null()), "{due:?}");
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn a_meeting_that_somebody_opened_while_it_was_ended_is_ended_a_minute_later() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("19:34:59");
    visits.join(Party::Speaker, &id).await.expect(200);
    visits.at("19:35").await;
    assert!(visits.world.stack.chime().live_meetings().is_empty());
    // As a join that was let in a second before goes on.
    let app = visits.world.stack.app("VisitsJoin").unwrap();
    let key = meeting_key(id.parse().unwrap());
    let stored = table(&app)
        .unwrap()
        .batch_get(std::slice::from_ref(&key))
        .await;
    let name = venue_name(id.parse().unwrap());
    let venue = Venue::new(&app, table(&app).unwrap(), key.clone(), &name);
    let venue = venue.await.unwrap();
    let people = [visits.speaker.user_id, visits.listener.user_id];
    let stored = stored.unwrap().remove(&key);
    venue.open(stored, &people).await.unwrap();
    assert_eq!(visits.world.stack.chime().live_meetings().len(), 1);
    visits.at("19:36").await;
    assert!(visits.world.stack.chime().live_meetings().is_empty());
    visits.world.nothing_given_up();
}
