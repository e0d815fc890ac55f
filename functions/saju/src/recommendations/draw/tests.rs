use std::collections::HashSet;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::profile::{Candidate, Gender, Preferences};

const TODAY: Date = date(2026, 11, 20);

fn person(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

fn candidate(number: u8, score: u8, shown: u64) -> Scored {
    let candidate = Candidate {
        user_id: person(number),
        birth_date: date(1990, 1, 1),
        birth_time: None,
        gender: Gender::Female,
        location: None,
        preferences: Preferences::default(),
        listing_key: None,
        listing_order: shown,
    };
    Scored {
        candidate,
        widened: 0,
        score,
    }
}

#[test]
fn two_recommendations_weigh_one_point() {
    let candidates = vec![
        candidate(1, 80, 21),
        candidate(2, 70, 0),
        candidate(3, 75, 9),
        candidate(4, 100, u64::MAX),
    ];
    let order = ranked(candidates, person(0), TODAY);
    assert_eq!(order, [3, 2, 1, 4].map(person));
}

#[test]
fn who_is_nearer_in_age_comes_first() {
    let mut candidates = vec![
        candidate(1, 90, 0),
        candidate(2, 50, 40),
        candidate(3, 95, 0),
    ];
    for (one, widened) in candidates.iter_mut().zip([1, 0, 2]) {
        one.widened = widened;
    }
    let order = ranked(candidates, person(0), TODAY);
    assert_eq!(order, [2, 1, 3].map(person));
}

#[test]
fn equals_come_in_an_order_of_lots() {
    let equal: Vec<Scored> = (1..30).map(|number| candidate(number, 80, 4)).collect();
    let days = [TODAY, date(2026, 11, 21)];
    let mut orders = HashSet::new();
    for (me, day) in [0, 100].iter().flat_map(|me| days.map(|day| (*me, day))) {
        let mut reversed = equal.clone();
        reversed.reverse();
        let order = ranked(equal.clone(), person(me), day);
        assert_eq!(order, ranked(reversed, person(me), day));
        assert!(orders.insert(order));
    }
}

proptest! {
    #[test]
    fn everybody_stays_and_nobody_passes_a_better_one(
        candidates in proptest::collection::vec((0..=100_u8, 0..300_u64), 0..60),
    ) {
        let candidates: Vec<Scored> = (0..)
            .zip(candidates)
            .map(|(number, (score, shown))| candidate(number, score, shown))
            .collect();
        let order = ranked(candidates.clone(), person(200), TODAY);
        prop_assert_eq!(order.len(), candidates.len());
        let points = |user_id: &UserId| {
            let one = candidates.iter().find(|one| one.candidate.user_id == *user_id).unwrap();
            f64::from(one.score) - one.candidate.listing_order as f64 / 2.0
        };
        prop_assert!(order.is_sorted_by(|one, next| points(one) >= points(next)));
    }
}
