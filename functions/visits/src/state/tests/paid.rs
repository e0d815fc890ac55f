//! What is paid for: the money, the reminders, the end.

use super::*;

#[test]
fn what_is_given_back_depends_on_who_cancels_and_when() {
    let paid = at(State::Paid, Listener);
    let start = NOW + hours(48);
    let last = SignedDuration::from_secs(1);
    for (party, now, back) in [
        (Speaker, NOW, PRICE),
        (Speaker, start - last, PRICE),
        (Listener, start - hours(24), PRICE),
        (Listener, start - hours(24) + last, 1501),
        (Listener, start - last, 1501),
    ] {
        let cancelled = by(party, &paid, Action::Cancel, now).unwrap();
        assert_eq!(cancelled.matching.state, State::Refunded);
        assert_eq!(cancelled.refund, back, "{party:?} {now}");
        assert_eq!(cancelled.bookings, Bookings::Free(terms(48)));
    }
    for party in [Speaker, Listener] {
        let refused = Err(Refused::State(State::Paid));
        for action in [Action::Cancel, another(96), ACCEPT] {
            assert_eq!(by(party, &paid, action, start), refused);
        }
        // A date can be moved until a day before.
        assert!(by(party, &paid, another(96), start - hours(24)).is_ok());
        assert_eq!(
            by(party, &paid, another(96), start - hours(24) + last),
            refused
        );
    }
}

#[test]
fn a_paid_meeting_ends_by_who_was_there_five_minutes_after_its_end() {
    let reminded = Matching {
        reminded_at: NOW + hours(47),
        ..at(State::Paid, Listener)
    };
    let over = NOW + hours(49) + SignedDuration::from_mins(5);
    assert_eq!(reminded.due(), Some(over));
    for (speaker, listener, state, back, about) in [
        (true, true, State::Done, 0, Topic::Ended),
        (true, false, State::Done, 0, Topic::Ended),
        (false, true, State::Refunded, PRICE, Topic::Refunded),
        (false, false, State::Refunded, PRICE, Topic::Refunded),
    ] {
        let there = Action::End(Presence { speaker, listener });
        // Nobody was reminded, where the sweep stood still.
        for paid in [reminded, at(State::Paid, Listener)] {
            let early = over - SignedDuration::from_secs(1);
            assert!(step(&paid, Clock, there, early).is_err());
            assert!(step(&paid, Clock, Action::Lapse, over).is_err());
            let ended = step(&paid, Clock, there, over).unwrap();
            assert_eq!((ended.matching.state, ended.refund), (state, back));
            assert_eq!(ended.mails.len(), 2);
            assert!(ended.mails.iter().all(|mail| mail.about == about));
            assert!(step(&ended.matching, Clock, there, over).is_err());
        }
    }
}

#[test]
fn the_two_are_reminded_a_day_and_an_hour_before() {
    let paid = at(State::Paid, Listener);
    let start = NOW + hours(48);
    let second = SignedDuration::from_secs(1);
    let remind = |matching: &Matching, now| step(matching, Clock, Action::Remind, now);

    let day = start - hours(24);
    assert_eq!(paid.due(), Some(day));
    assert!(!paid.reminder_due(day - second) && paid.reminder_due(day));
    assert!(remind(&paid, day - second).is_err());
    let once = remind(&paid, day).unwrap();
    assert_eq!(once, {
        let reminded = Matching {
            reminded_at: day,
            ..paid
        };
        Step::to(reminded).tells_both(Topic::Reminder)
    });
    assert!(remind(&once.matching, day).is_err());

    let hour = start - hours(1);
    assert_eq!(once.matching.due(), Some(hour));
    let twice = remind(&once.matching, hour).unwrap();
    assert_eq!(twice.mails.len(), 2);
    assert!(!twice.matching.reminder_due(start));
    assert_eq!(twice.matching.due(), Some(ends(terms(48))));

    // A late sweep reminds once, and of nothing that has begun.
    for (now, mails) in [
        (hour, 2),
        (start - second, 2),
        (start, 0),
        (start + hours(9), 0),
    ] {
        assert!(paid.reminder_due(now));
        let late = remind(&paid, now).unwrap();
        assert_eq!(late.mails.len(), mails);
        assert!(!late.matching.reminder_due(now));
        assert_eq!(late.matching.due(), Some(ends(terms(48))));
    }
    // Of what is paid or moved within a day before, an hour before only.
    let soon = Matching {
        terms: Some(terms(5)),
        ..at(State::Scheduled, Listener)
    };
    let soon = step(&soon, Payments, settled(1), NOW).unwrap().matching;
    assert_eq!(soon.due(), Some(NOW + hours(4)));
    let day_before = by(Speaker, &paid, another(49), day).unwrap().matching;
    let moved = by(Listener, &day_before, ACCEPT, day).unwrap().matching;
    assert_eq!(moved.due(), Some(NOW + hours(25)));
    // What was moved away is told of anew.
    let away = by(Speaker, &once.matching, another(96), day).unwrap();
    let away = by(Listener, &away.matching, ACCEPT, day).unwrap().matching;
    assert_eq!(away.due(), Some(NOW + hours(72)));
}

#[test]
fn the_first_payment_counts_and_told_twice_of_it_nothing_changes() {
    let settle =
        |matching: &Matching, digit| step(matching, Payments, settled(digit), NOW).unwrap();
    let paid = settle(&at(State::Scheduled, Listener), 1);
    assert_eq!(paid.matching.state, State::Paid);
    assert_eq!(paid.matching.payment, Some(payment(1)));
    assert_eq!((paid.matching.paid, paid.refund), (PRICE, 0));
    for state in [State::Paid, State::Refunded, State::Done] {
        let matching = at(state, Listener);
        assert_eq!(settle(&matching, 1), Step::to(matching));
    }
}

#[test]
fn money_beside_what_counts_and_money_that_comes_too_late_goes_back() {
    for state in State::ALL {
        if state == State::Scheduled {
            continue;
        }
        let matching = at(state, Listener);
        let beside = step(&matching, Payments, settled(2), NOW).unwrap();
        assert_eq!((beside.matching, beside.refund), (matching, PRICE));
        assert_eq!(
            beside.mails,
            Step::to(matching).tells(Listener, Topic::Refunded).mails
        );
    }
    let begun = at(State::Scheduled, Listener);
    let begun = step(&begun, Payments, settled(1), NOW + hours(48)).unwrap();
    assert_eq!(begun.matching.state, State::Cancelled);
    assert_eq!((begun.matching.paid, begun.refund), (0, PRICE));
}
