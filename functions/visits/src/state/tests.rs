#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    Actor::{Clock, House, Payments},
    Party::{Listener, Speaker},
    *,
};

mod paid;
mod table;

const NOW: Timestamp = Timestamp::constant(1_795_172_400, 0);
/// In yen; odd.
const PRICE: u64 = 3001;

/// A payment's id, of one digit.
fn payment(digit: u8) -> PaymentId {
    let id = format!("019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f0{digit}");
    id.parse().unwrap()
}

/// That a payment settles.
fn settled(digit: u8) -> Action {
    Action::Settle {
        payment: payment(digit),
        amount: PRICE,
    }
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// So many hours from [`NOW`] on, for an hour.
fn terms(ahead: i64) -> Terms {
    Terms {
        date: NOW + hours(ahead),
        minutes: 60,
    }
}

/// One that has stood so since [`NOW`], for in 48 hours, with another date proposed by `by`.
fn at(state: State, by: Party) -> Matching {
    let proposal = Proposal {
        by,
        date: Some(NOW + hours(50)),
        minutes: 60,
    };
    let is_paid = matches!(state, State::Paid | State::Refunded | State::Done);
    Matching {
        state,
        since: NOW,
        changed_at: NOW,
        terms: (state != State::Requested).then(|| terms(48)),
        proposal: (!state.is_final()).then_some(proposal),
        paid: u64::from(is_paid) * PRICE,
        payment: is_paid.then(|| payment(1)),
        reminded_at: NOW,
    }
}

fn by(party: Party, matching: &Matching, action: Action, now: Timestamp) -> Result<Step, Refused> {
    step(matching, Actor::Party(party), action, now)
}

const BOTH: Presence = Presence {
    speaker: true,
    listener: true,
};

const ACCEPT: Action = Action::Accept { date: None };

/// Another date.
fn another(ahead: i64) -> Action {
    Action::Propose {
        date: Some(NOW + hours(ahead)),
        minutes: None,
    }
}

#[test]
fn each_party_may_do_in_each_state_what_the_table_says_and_nothing_else() {
    let actions = [
        ("accept", ACCEPT),
        ("decline", Action::Decline),
        ("cancel", Action::Cancel),
        ("propose", another(72)),
        ("schedule", Action::Schedule(terms(48))),
        ("pay", Action::Pay),
    ];
    let both = |names: &[&'static str]| [names.to_vec(), names.to_vec()];
    for state in State::ALL {
        let [speaker, listener] = match state {
            State::Requested => [
                vec!["accept", "decline", "propose"],
                vec!["accept", "cancel", "propose"],
            ],
            State::Accepted => both(&["accept", "cancel", "propose", "schedule"]),
            State::Scheduled => [
                vec!["accept", "cancel", "propose"],
                vec!["accept", "cancel", "propose", "pay"],
            ],
            State::Paid => both(&["accept", "cancel", "propose"]),
            _ => both(&[]),
        };
        for (party, allowed) in [(Speaker, speaker), (Listener, listener)] {
            for (name, action) in actions {
                let answer = by(party, &at(state, party.other()), action, NOW);
                match allowed.contains(&name) {
                    true => assert!(answer.is_ok(), "{party:?} {name} {state:?}: {answer:?}"),
                    false => assert_eq!(answer, Err(Refused::State(state)), "{party:?} {name}"),
                }
            }
        }
    }
}

#[test]
fn nobody_does_what_is_another_actors() {
    for state in State::ALL {
        let matching = at(state, Listener);
        let late = NOW + hours(24 * 100);
        for action in [
            settled(1),
            Action::Lapse,
            Action::Remind,
            Action::End(BOTH),
            Action::Suspend,
            Action::Unverify,
        ] {
            for party in [Speaker, Listener] {
                assert!(by(party, &matching, action, late).is_err());
            }
        }
        for actor in [Payments, Clock, House] {
            for action in [ACCEPT, Action::Cancel, Action::Decline, Action::Pay] {
                let refused = Err(Refused::State(state));
                assert_eq!(step(&matching, actor, action, NOW), refused);
            }
        }
    }
}

#[test]
fn who_proposed_waits_for_the_other() {
    for state in [
        State::Requested,
        State::Accepted,
        State::Scheduled,
        State::Paid,
    ] {
        for party in [Speaker, Listener] {
            let refused = Err(Refused::State(state));
            assert_eq!(by(party, &at(state, party), ACCEPT, NOW), refused);
            let without = Matching {
                proposal: None,
                ..at(state, party)
            };
            assert_eq!(by(party, &without, ACCEPT, NOW), refused);
        }
    }
}

#[test]
fn a_request_without_a_date_gets_one_from_the_speaker_and_the_listener_accepts_it() {
    let request = Matching::request(None, 30, NOW).unwrap();
    assert_eq!(by(Speaker, &request, ACCEPT, NOW), Err(Refused::NoDate));
    let date = NOW + hours(48);
    let dated = Action::Accept { date: Some(date) };
    let answered = by(Speaker, &request, dated, NOW).unwrap().matching;
    assert_eq!(answered.state, State::Requested);
    let agreed = by(Listener, &answered, ACCEPT, NOW).unwrap().matching;
    assert_eq!(agreed.state, State::Accepted);
    assert_eq!(agreed.terms, Some(Terms { date, minutes: 30 }));
    assert_eq!(agreed.proposal, None);

    // With a date it is that one or none.
    let request = Matching::request(Some(date), 30, NOW).unwrap();
    let other = Action::Accept {
        date: Some(NOW + hours(49)),
    };
    assert_eq!(by(Speaker, &request, other, NOW), Err(Refused::NotAgreed));
    let agreed = by(Speaker, &request, dated, NOW).unwrap().matching;
    assert_eq!(agreed.state, State::Accepted);
}

#[test]
fn dates_lie_on_the_grid_from_three_hours_to_sixty_days_ahead() {
    let minutes = |minutes| NOW + SignedDuration::from_mins(minutes);
    let accepted = at(State::Accepted, Listener);
    for (ahead, is_right) in [
        (180, true),
        (195, true),
        (165, false),
        (181, false),
        (60 * 24 * 60, true),
        (60 * 24 * 60 + 15, false),
        (-60, false),
    ] {
        let date = minutes(ahead);
        let propose = Action::Propose {
            date: Some(date),
            minutes: None,
        };
        assert_eq!(by(Speaker, &accepted, propose, NOW).is_ok(), is_right);
        assert_eq!(Matching::request(Some(date), 60, NOW).is_ok(), is_right);
        // When it is accepted and booked too.
        let proposal = accepted.proposal.map(|proposal| Proposal {
            date: Some(date),
            ..proposal
        });
        let standing = Matching {
            proposal,
            ..accepted
        };
        assert_eq!(by(Speaker, &standing, ACCEPT, NOW).is_ok(), is_right);
        let terms = Terms { date, minutes: 60 };
        let agreed = Matching {
            terms: Some(terms),
            ..accepted
        };
        let booked = by(Speaker, &agreed, Action::Schedule(terms), NOW);
        assert_eq!(booked.is_ok(), is_right);
    }
    for (length, is_right) in [
        (15, true),
        (120, true),
        (0, false),
        (135, false),
        (50, false),
    ] {
        assert_eq!(Matching::request(None, length, NOW).is_ok(), is_right);
    }
}

#[test]
fn only_what_was_agreed_is_booked() {
    let accepted = at(State::Accepted, Listener);
    for other in [
        terms(50),
        Terms {
            minutes: 30,
            ..terms(48)
        },
    ] {
        let refused = Err(Refused::NotAgreed);
        assert_eq!(
            by(Listener, &accepted, Action::Schedule(other), NOW),
            refused
        );
    }
    let booked = by(Listener, &accepted, Action::Schedule(terms(48)), NOW).unwrap();
    assert_eq!(booked.bookings, Bookings::Book(terms(48)));
    assert_eq!(booked.mails.len(), 2);
}

#[test]
fn accepting_another_date_moves_the_booking_and_another_length_expires_the_checkout() {
    let longer = Action::Propose {
        date: None,
        minutes: Some(90),
    };
    let scheduled = at(State::Scheduled, Listener);
    let moved = by(Speaker, &scheduled, ACCEPT, NOW).unwrap();
    let (from, to) = (terms(48), terms(50));
    assert_eq!(moved.bookings, Bookings::Move { from, to });
    assert_eq!(moved.checkout, Checkout::Unchanged);
    let proposed = by(Speaker, &scheduled, longer, NOW).unwrap().matching;
    let moved = by(Listener, &proposed, ACCEPT, NOW).unwrap();
    assert_eq!(moved.checkout, Checkout::Expire);
    // What is paid for has its length.
    let paid = at(State::Paid, Listener);
    let refused = Err(Refused::State(State::Paid));
    assert_eq!(by(Speaker, &paid, longer, NOW), refused);
}

#[test]
fn what_waits_for_too_long_is_cancelled_and_counts_as_cancelled_before_the_sweep_comes() {
    let unpaid_long = Matching {
        terms: Some(terms(24 * 10)),
        ..at(State::Scheduled, Listener)
    };
    let soon = Matching {
        terms: Some(terms(5)),
        ..at(State::Scheduled, Listener)
    };
    let far = Matching {
        terms: Some(terms(24 * 30)),
        ..at(State::Accepted, Listener)
    };
    for (matching, ahead) in [
        (at(State::Requested, Listener), 14 * 24),
        (far, 14 * 24),
        (at(State::Accepted, Listener), 48),
        (unpaid_long, 24),
        (soon, 4),
    ] {
        let due = NOW + hours(ahead);
        assert_eq!(matching.due(), Some(due));
        let early = due - SignedDuration::from_secs(1);
        assert!(step(&matching, Clock, Action::Lapse, early).is_err());
        let lapsed = step(&matching, Clock, Action::Lapse, due).unwrap();
        assert_eq!(lapsed.matching.state, State::Cancelled);
        assert_eq!(lapsed.matching.due(), None);
        for party in [Speaker, Listener] {
            let refused = Err(Refused::State(State::Cancelled));
            assert_eq!(by(party, &matching, Action::Cancel, due), refused);
        }
    }
}

#[test]
fn no_checkout_outlives_the_booking() {
    let scheduled = at(State::Scheduled, Listener);
    let due = scheduled.due().unwrap();
    let last = due - SignedDuration::from_mins(31);
    let open = by(Listener, &scheduled, Action::Pay, last).unwrap();
    assert_eq!(open.checkout, Checkout::Open);
    assert_eq!(open.matching, scheduled);
    let late = last + SignedDuration::from_secs(1);
    let refused = Err(Refused::TooLateToPay);
    assert_eq!(by(Listener, &scheduled, Action::Pay, late), refused);
}

#[test]
fn a_suspension_ends_what_is_to_come_and_who_is_not_verified_any_more_keeps_what_is_booked() {
    for state in State::ALL {
        let matching = at(state, Listener);
        let suspended = step(&matching, House, Action::Suspend, NOW).unwrap();
        let unverified = step(&matching, House, Action::Unverify, NOW).unwrap();
        let (one, other, back) = match state {
            State::Requested | State::Accepted => (State::Cancelled, State::Cancelled, 0),
            State::Scheduled => (State::Cancelled, state, 0),
            State::Paid => (State::Refunded, state, PRICE),
            _ => (state, state, 0),
        };
        assert_eq!((suspended.matching.state, suspended.refund), (one, back));
        assert_eq!((unverified.matching.state, unverified.refund), (other, 0));
    }
}

fn any_party() -> impl Strategy<Value = Party> {
    prop_oneof![Just(Speaker), Just(Listener)]
}

/// An action on a matching, from numbers and the time.
type Make = fn(&Matching, i64, u16, Timestamp) -> Action;

/// Somebody's action at a moment, dates counted from it.
fn any_action() -> impl Strategy<Value = (Actor, Make)> {
    fn on_grid(now: Timestamp, quarters: i64) -> Timestamp {
        let second = now.as_second() - now.as_second().rem_euclid(GRID) + quarters * GRID;
        Timestamp::from_second(second).unwrap()
    }
    let parties: [Make; 7] = [
        |_, _, _, _| ACCEPT,
        |_, quarters, _, now| Action::Accept {
            date: Some(on_grid(now, quarters)),
        },
        |_, quarters, length, now| Action::Propose {
            date: Some(on_grid(now, quarters)),
            minutes: Some(length),
        },
        |_, quarters, _, now| Action::Propose {
            date: Some(on_grid(now, quarters)),
            minutes: None,
        },
        |matching, _, _, _| Action::Schedule(matching.terms.unwrap_or(terms(48))),
        |_, _, _, _| Action::Pay,
        |_, quarters, _, _| match quarters % 4 {
            0 => Action::Cancel,
            1 => Action::Decline,
            _ => ACCEPT,
        },
    ];
    let others: [(Actor, Make); 6] = [
        (Payments, |_, quarters, _, _| settled((quarters % 3) as u8)),
        (Clock, |_, _, _, _| Action::Lapse),
        (Clock, |_, _, _, _| Action::Remind),
        (Clock, |_, quarters, length, _| {
            Action::End(Presence {
                speaker: quarters % 2 == 0,
                listener: length % 2 == 0,
            })
        }),
        (House, |_, quarters, _, _| match quarters % 8 {
            0 => Action::Suspend,
            _ => Action::Lapse,
        }),
        (House, |_, quarters, _, _| match quarters % 8 {
            0 => Action::Unverify,
            _ => Action::Lapse,
        }),
    ];
    prop_oneof![
        4 => (any_party(), 0..parties.len())
            .prop_map(move |(party, which)| (Actor::Party(party), parties[which])),
        1 => (0..others.len()).prop_map(move |which| others[which]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_done_money_and_calendars_agree_with_the_state(
        date in proptest::option::of(12..400_i64),
        actions in prop::collection::vec(
            (any_action(), 0..900_i64, 0..200_i64, prop_oneof![Just(30_u16), Just(60), Just(61)]),
            1..40,
        ),
    ) {
        let date = date.map(|quarters| NOW + SignedDuration::from_secs(quarters * GRID));
        let mut matching = Matching::request(date, 60, NOW).unwrap();
        let mut booked: Option<Terms> = None;
        let (mut now, mut back) = (NOW, 0);
        let mut came = BTreeSet::new();
        for ((actor, make), minutes, quarters, length) in actions {
            now += SignedDuration::from_mins(minutes);
            let action = make(&matching, quarters, length, now);
            if let Action::Settle { payment, .. } = action && !came.insert(payment) {
                continue;
            }
            let Ok(step) = step(&matching, actor, action, now) else {
                continue;
            };
            let before = matching;
            matching = step.matching;
            match step.bookings {
                Bookings::Unchanged => {}
                Bookings::Book(terms) => {
                    prop_assert_eq!(booked, None);
                    booked = Some(terms);
                }
                Bookings::Move { from, to } => {
                    prop_assert_eq!(booked, Some(from));
                    booked = Some(to);
                }
                Bookings::Free(terms) => {
                    prop_assert_eq!(booked, Some(terms));
                    booked = None;
                }
            }
            back += step.refund;

            prop_assert!(!before.state.is_final() || matching.state == before.state);
            prop_assert!(before.state != matching.state || before.since == matching.since);
            match matching.state {
                State::Scheduled | State::Paid => prop_assert_eq!(booked, matching.terms),
                // What is over lies in both calendars still, in the past.
                _ => prop_assert!(booked.is_none_or(|terms| terms.end() <= now)),
            }
            // Whatever came is kept for what was paid for, or has gone back.
            let kept = PRICE * came.len() as u64 - back;
            prop_assert_eq!(matching.paid, PRICE * u64::from(matching.payment.is_some()));
            match matching.state {
                State::Paid | State::Done => prop_assert_eq!(kept, PRICE),
                State::Refunded => prop_assert!(kept == 0 || kept == PRICE / 2),
                _ => prop_assert_eq!(kept, 0),
            }
            prop_assert_eq!(matching.state == State::Paid, matching.paid > 0 && !matching.state.is_final());
            prop_assert_eq!(matching.due().is_none(), matching.state.is_final());
            prop_assert!(matching.proposal.is_none() || !matching.state.is_final());
        }
    }
}
