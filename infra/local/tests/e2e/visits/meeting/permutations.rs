//! In whatever order Chime tells of a visit, and however often, it ends the same, and the same goes back.

use enishi_visits::state::Party;
use futures_util::{StreamExt as _, stream};

use super::{
    attendance::{event, tell},
    *,
};
use crate::support::permutations;
use Party::{Listener, Speaker};

/// What happens in a meeting: of which generation, what, to whom, when.
type Happening = (&'static str, &'static str, Option<Party>, &'static str);

/// What happens, and what comes of it.
struct Life {
    name: &'static str,
    happens: &'static [Happening],
    ends: &'static str,
    back: u64,
}

static LIVES: [Life; 6] = [
    Life {
        name: "both",
        happens: &[
            ("1", "AttendeeJoined", Some(Speaker), "18:58"),
            ("1", "AttendeeJoined", Some(Listener), "19:00"),
            ("1", "AttendeeLeft", Some(Speaker), "19:29"),
            ("1", "AttendeeDropped", Some(Listener), "19:30"),
            ("1", "MeetingEnded", None, "19:34:30"),
        ],
        ends: "done",
        back: 0,
    },
    Life {
        name: "the speaker comes back late",
        happens: &[
            ("1", "AttendeeJoined", Some(Speaker), "19:09:59"),
            ("1", "AttendeeDropped", Some(Speaker), "19:10:30"),
            ("1", "AttendeeJoined", Some(Speaker), "19:12"),
            ("1", "AttendeeJoined", Some(Listener), "19:00"),
        ],
        ends: "done",
        back: 0,
    },
    Life {
        name: "the speaker is a second late, twice",
        happens: &[
            ("1", "AttendeeJoined", Some(Listener), "18:55"),
            ("1", "AttendeeJoined", Some(Speaker), "19:10:01"),
            ("1", "AttendeeJoined", Some(Speaker), "19:20"),
            ("1", "AttendeeLeft", Some(Listener), "19:21"),
        ],
        ends: "refunded",
        back: PAID,
    },
    Life {
        name: "the speaker is just in time, the listener is not",
        happens: &[
            ("1", "MeetingStarted", None, "19:09"),
            ("1", "AttendeeJoined", Some(Speaker), "19:10"),
            ("1", "AttendeeJoined", Some(Listener), "19:25"),
            ("1", "MeetingEnded", None, "19:34:30"),
        ],
        ends: "done",
        back: 0,
    },
    Life {
        name: "two meetings",
        happens: &[
            ("1", "AttendeeJoined", Some(Speaker), "18:56"),
            ("1", "AttendeeLeft", Some(Speaker), "18:57"),
            ("1", "MeetingEnded", None, "19:02"),
            ("2", "AttendeeJoined", Some(Listener), "19:03"),
            ("2", "MeetingEnded", None, "19:34:30"),
        ],
        ends: "done",
        back: 0,
    },
    Life {
        name: "nobody",
        happens: &[
            ("1", "MeetingStarted", None, "18:56"),
            ("1", "MeetingEnded", None, "19:01"),
            ("2", "MeetingEnded", None, "19:20"),
        ],
        ends: "refunded",
        back: PAID,
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_what_chime_tells_ends_the_same() {
    let visits = Visits::new().await;
    let mut told = Vec::new();
    for life in &LIVES {
        for (number, order) in permutations(life.happens.len()).into_iter().enumerate() {
            // Some come twice, at once or later.
            let mut sequence = order.clone();
            let again = order[number % order.len()];
            sequence.insert(number % (order.len() + 1), again);
            sequence.extend(order.iter().rev().take(number % 3));
            told.push((visits.paid(), life, sequence));
        }
    }
    visits.set("19:34:59");
    stream::iter(&told)
        .for_each_concurrent(8, |(id, life, sequence)| {
            let world = &visits.world;
            async move {
                for happening in sequence {
                    let (meeting, kind, who, time) = life.happens[*happening];
                    tell(world, event(id, meeting, kind, who, evening(time))).await;
                }
            }
        })
        .await;
    visits.at("19:35").await;
    let outcomes = visits.outcomes();
    for (id, life, sequence) in &told {
        let back: Vec<u64> = [life.back].into_iter().filter(|sum| *sum > 0).collect();
        let expected = (life.ends.to_owned(), back);
        assert_eq!(outcomes[id], expected, "{}: {sequence:?}", life.name);
    }
    // Told once more, when it is over: nothing comes of it.
    let before = items(&visits.world, "");
    for (id, life, _) in told.iter().step_by(7) {
        for (meeting, kind, who, time) in life.happens {
            tell(&visits.world, event(id, meeting, kind, *who, evening(time))).await;
        }
    }
    visits.at("19:36").await;
    visits.at("19:37").await;
    assert_eq!(items(&visits.world, ""), before);
    eprintln!(
        "{} permutations of what Chime tells, with duplicates",
        told.len()
    );
    visits.world.nothing_given_up();
}
