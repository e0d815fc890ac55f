//! Who was there, as Chime tells it, and what comes of it.

use enishi_local::pattern::matches;
use enishi_shared::chime::external_user_id;
use enishi_visits::{
    matching::venue_name,
    state::{Party, State},
};

use super::*;

/// What Chime sends of a person, by the opaque id, in a visit's meeting.
pub fn event(id: &str, meeting: &str, kind: &str, who: Option<Party>, at: Timestamp) -> Value {
    let name = venue_name(id.parse().unwrap());
    let [speaker, listener] = two();
    let who = who.map(|party| match party {
        Party::Speaker => external_user_id(&name, speaker.user_id),
        Party::Listener => external_user_id(&name, listener.user_id),
    });
    let mut detail = json!({
        "version": "0", "eventType": format!("chime:{kind}"),
        "timestamp": at.as_millisecond(), "meetingId": meeting,
        "externalMeetingId": format!("enishi_{name}"), "mediaRegion": "ap-northeast-1",
    });
    if let Some(who) = who {
        detail["externalUserId"] = who.into();
        detail["attendeeId"] = "4d1c9c3b-6f7a-8b5e-0a2d-1e3f4a5b6c7d".into();
    }
    json!({
        "version": "0", "source": "aws.chime", "detail-type": "Chime Meeting State Change",
        "account": "000000000000", "region": "ap-northeast-1", "time": at, "resources": [],
        "detail": detail,
    })
}

/// Tells `visits-attendance` of it.
pub async fn tell(world: &World, event: Value) {
    let lambda = world.stack.lambda();
    let told = lambda.invoke("VisitsAttendance", event.clone()).await;
    assert_eq!(told, Ok(Value::Null), "{event}");
}

#[tokio::test]
async fn who_came_at_most_ten_minutes_late_decides_what_goes_back() {
    let visits = Visits::new().await;
    // When each connects, if they do; what comes of it, and what goes back.
    let cases = [
        (Some("18:57"), Some("18:56"), "done", 0),
        (Some("19:10"), Some("18:56"), "done", 0),
        (Some("19:10:01"), Some("18:56"), "refunded", PAID),
        (Some("19:34:59"), Some("18:56"), "refunded", PAID),
        (None, Some("18:56"), "refunded", PAID),
        (Some("18:57"), None, "done", 0),
        (Some("18:57"), Some("19:11"), "done", 0),
        (None, None, "refunded", PAID),
    ];
    let cases = cases.map(|case| (visits.paid(), case));
    let mut moments: Vec<_> = (cases.iter())
        .flat_map(|(id, (speaker, listener, ..))| {
            [
                (speaker, Party::Speaker, id),
                (listener, Party::Listener, id),
            ]
        })
        .filter_map(|(time, party, id)| Some(((*time)?, party, id)))
        .collect();
    moments.sort_by_key(|(time, ..)| evening(time));
    for (time, party, id) in moments {
        visits.set(time);
        visits.connect(party, id).await;
        visits.world.stack.settle().await;
    }
    visits.set("19:34:59");
    visits.sweep().await.unwrap();
    for (id, _) in &cases {
        assert_eq!(visits.state(id), "paid");
    }
    visits.at("19:35").await;
    for (id, case) in &cases {
        let (.., state, back) = case;
        assert_eq!(visits.state(id), *state, "{case:?}");
        let sums = visits.refunds(id);
        assert_eq!(sums.iter().sum::<u64>(), *back, "{case:?}");
        assert_eq!(sums.len(), usize::from(*back > 0), "{case:?}");
    }
    assert!(visits.world.stack.chime().live_meetings().is_empty());
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn getting_the_credentials_is_not_being_there() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("18:58");
    for party in Party::ALL {
        visits.join(party, &id).await.expect(200);
    }
    visits.at("19:35").await;
    assert_eq!(visits.state(&id), "refunded");
}

#[tokio::test]
async fn how_late_one_may_come_is_a_parameter() {
    let visits = Visits::with(|options| {
        let late = ("VisitGraceMinutes".to_owned(), "3".to_owned());
        options.parameters.extend([late]);
    })
    .await;
    let [in_time, late] = [visits.paid(), visits.paid()];
    for (time, id) in [("19:03", &in_time), ("19:03:01", &late)] {
        visits.set(time);
        visits.connect(Party::Speaker, id).await;
    }
    visits.at("19:35").await;
    assert_eq!(visits.state(&in_time), "done");
    assert_eq!(visits.state(&late), "refunded");
}

#[tokio::test]
async fn recorders_other_meetings_and_what_is_told_too_late_are_no_concern() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("18:57");
    let answer = visits.join(Party::Listener, &id).await.expect(200).body;
    let meeting = text(&answer["Meeting"]["MeetingId"]);
    let before = items(&visits.world, "");
    let chime = visits.world.stack.chime();
    let recorder = chime.join_recorder(&meeting).unwrap();
    chime.leave(&meeting, &recorder).unwrap();
    visits.world.stack.settle().await;
    let at = evening("18:59");
    for name in [
        "enishi_20261121T0900-0",
        "enishi_v-",
        "enishi_v-019aa2b47c1e7d339f0a5b1c2d3e4f50",
        "enishi-staging_v-019aa2b47c1e7d339f0a5b1c2d3e4f50",
        "",
    ] {
        for kind in ["AttendeeJoined", "AttendeeLeft", "MeetingEnded"] {
            let mut other = event(&id, &meeting, kind, Some(Party::Speaker), at);
            other["detail"]["externalMeetingId"] = name.into();
            tell(&visits.world, other).await;
        }
    }
    // Of another generation, and of what nobody heard of.
    tell(
        &visits.world,
        event(&id, "another", "MeetingEnded", None, at),
    )
    .await;
    tell(
        &visits.world,
        event(&id, &meeting, "MeetingStarted", None, at),
    )
    .await;
    assert_eq!(items(&visits.world, ""), before);

    // Of a visit that has come to nothing, or is over.
    let over = visits.standing(State::Done);
    visits.at("19:35").await;
    assert_eq!(visits.state(&id), "refunded");
    let before = items(&visits.world, "");
    for id in [&id, &over] {
        for (kind, who) in [
            ("AttendeeJoined", Some(Party::Speaker)),
            ("AttendeeLeft", Some(Party::Speaker)),
            ("MeetingEnded", None),
        ] {
            tell(&visits.world, event(id, &meeting, kind, who, at)).await;
        }
    }
    visits.sweep().await.unwrap();
    assert_eq!(items(&visits.world, ""), before);
    visits.world.nothing_given_up();
}

#[tokio::test]
async fn the_events_of_rooms_and_of_visits_go_to_their_own_function_only() {
    let visits = Visits::new().await;
    let id = visits.paid();
    visits.set("18:57");
    visits.connect(Party::Speaker, &id).await;
    visits.world.stack.aws().forget_calls();
    visits.world.stack.settle().await;
    let calls = visits.world.stack.aws().calls();
    let callers: std::collections::BTreeSet<_> =
        calls.iter().map(|call| call.function.as_str()).collect();
    assert_eq!(
        callers.into_iter().collect::<Vec<_>>(),
        ["VisitsAttendance"]
    );
    for (name, of_rooms) in [("RoomsAttendance", true), ("VisitsAttendance", false)] {
        let function = visits.world.stack.lambda().function(name).unwrap();
        for meeting in [
            "enishi_20261121T0900-0",
            "enishi_v-019aa2b47c1e7d339f0a5b1c2d3e4f50",
        ] {
            let mut event = event(&id, "any", "MeetingEnded", None, start());
            event["detail"]["externalMeetingId"] = meeting.into();
            let taken = function
                .rules
                .iter()
                .any(|rule| matches(&rule.pattern, &event));
            assert_eq!(
                taken,
                of_rooms == meeting.contains("_2"),
                "{name} {meeting}"
            );
        }
    }
}
