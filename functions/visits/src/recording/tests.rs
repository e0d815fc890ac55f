#![allow(clippy::unwrap_used)]

use enishi_shared::app::{Clock, Parts, Random, TimeLimits, http_client};

use super::*;
use crate::state::Terms;

const START: &str = "2026-11-25T10:00:00Z";

fn at(minutes: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// Half an hour.
fn matching(state: State) -> Matching {
    let terms = Terms {
        date: at(0),
        minutes: 30,
    };
    Matching {
        state,
        terms: Some(terms),
        ..Matching::request(Some(at(0)), 30, at(-24 * 60)).unwrap()
    }
}

fn app(days: &str, now: Timestamp) -> App {
    let variables = [
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "Visits"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("RECORDINGS_BUCKET", "recordings"),
        ("RECORDING_DAYS", days),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    App::new(Parts {
        env: variables.into_iter().collect(),
        clock: Clock::from_fn(move || now),
        random: Random::from_seed(1),
        http: http_client(),
        limits: TimeLimits::default(),
        password_cost: enishi_shared::password::Cost::default(),
    })
    .unwrap()
}

/// What is said, by whom and when, and the message of what it is refused with.
fn says(
    recording: &mut Recording,
    party: Party,
    consents: bool,
    state: State,
    minutes: i64,
) -> Option<String> {
    let before = recording.clone();
    let said = recording.answered(party, consents, &matching(state), at(minutes));
    assert!(said.is_ok() || *recording == before);
    said.err().map(|error| error.to_string())
}

#[test]
fn a_consent_is_given_to_a_paid_meeting_until_its_end_and_withdrawn_once_for_both() {
    let (sora, hana) = (Party::Speaker, Party::Listener);
    let mut it = Recording::default();
    for state in State::ALL {
        let paid = state == State::Paid;
        let refused = says(&mut Recording::default(), hana, true, state, -20 * 60);
        let expected = format!("the matching is {}", state.text());
        assert_eq!(refused, (!paid).then_some(expected), "{state:?}");
    }
    // Who does not consent has withdrawn nothing.
    assert_eq!(says(&mut it, hana, false, State::Paid, -60), None);
    for _ in 0..2 {
        assert_eq!(says(&mut it, hana, true, State::Paid, -60), None);
    }
    assert!(!it.have_both_consented());
    assert_eq!(says(&mut it, sora, true, State::Paid, 29), None);
    assert!(it.have_both_consented());
    let over = Some("the meeting is over".to_owned());
    let late = says(&mut Recording::default(), hana, true, State::Paid, 30);
    assert_eq!(late, over);
    // It is heard until it is closed.
    for _ in 0..2 {
        assert_eq!(says(&mut it, sora, false, State::Paid, 34), None);
    }
    for party in Party::ALL {
        let withdrawn = Some("the consent to record this meeting was withdrawn".to_owned());
        assert_eq!(says(&mut it, party, true, State::Paid, 0), withdrawn);
    }
    it.ended = Some(Ended::Nothing);
    assert_eq!(says(&mut it, hana, false, State::Paid, 34), over);
}

#[test]
fn a_recording_is_kept_for_so_many_days() {
    let ready = Recording {
        ended: Some(Ended::Ready {
            key: "recordings/1/audio/2.mp4".into(),
            made_at: at(0),
        }),
        ..Recording::default()
    };
    let week = 7 * 24 * 60;
    for (minutes, state) in [
        (week - 1, RecordingState::Ready),
        (week, RecordingState::Deleted),
    ] {
        let app = app("7", at(minutes));
        assert_eq!(ready.state(&app, State::Done).unwrap(), state);
    }
}
