use std::collections::HashMap;

use enishi_shared::store::n;
use jiff::{ToSpan as _, civil::date};
use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{
    pillars::Bucket,
    profile::{Gender, Preferences, Wanted},
};

const TODAY: Date = date(2026, 11, 20);

fn person(number: u64, gender: Gender, born: Date, shown: u64) -> Candidate {
    let bytes = u128::from(number).to_be_bytes();
    Candidate {
        user_id: UserId::from_bytes(bytes),
        birth_date: born,
        birth_time: None,
        gender,
        location: None,
        preferences: Preferences::default(),
        listing_key: None,
        listing_order: shown,
    }
}

/// A pool: partitions with their scores and people, who stand in the index by times shown. Those in the
/// second list are in wider windows of ages.
struct Pool(Vec<(u8, Vec<Candidate>)>, Vec<u8>);

/// What a search of it came to.
struct Outcome {
    candidates: Vec<Scored>,
    requests: usize,
    checked: Vec<usize>,
}

impl Pool {
    fn visits(&self) -> Vec<Visit> {
        let visit = |(day, (score, _)): (i64, &(u8, Vec<Candidate>))| Visit {
            widened: self.widened(day as usize),
            score: *score,
            lot: day as u64 % 7,
            partition: partition(day),
            after: None,
        };
        (0..).zip(&self.0).map(visit).collect()
    }

    fn widened(&self, partition: usize) -> u8 {
        self.1.get(partition).copied().unwrap_or(0)
    }

    fn page(&self, visit: &Visit) -> Page<Candidate> {
        let days = partition(0).bucket.date();
        let day = visit
            .partition
            .bucket
            .date()
            .since(days)
            .unwrap()
            .get_days();
        let people = &self.0[day as usize].1;
        let from = visit.after.as_ref().map_or(0, |key| {
            let at = key["at"].as_n().unwrap();
            at.parse().unwrap()
        });
        let to = people.len().min(from + PAGE as usize);
        Page {
            items: people[from..to].to_vec(),
            // As DynamoDB does: a full page may be the last one.
            next: (to - from == PAGE as usize).then(|| HashMap::from([("at".into(), n(to))])),
        }
    }

    fn search(&self, me: &Candidate, apart: &[UserId]) -> Outcome {
        let mut search = Search::new(me, TODAY, self.visits());
        let (mut requests, mut checked) = (0, Vec::new());
        loop {
            match search.step() {
                Step::Ask(visits) => {
                    assert!(!visits.is_empty() && visits.len() <= AT_ONCE);
                    for visit in visits {
                        requests += 1;
                        let page = self.page(&visit);
                        search.found(visit, page);
                    }
                }
                Step::Check(people) => {
                    assert!(!people.is_empty() && people.len() <= LOOKED_UP);
                    requests += 1;
                    checked.push(people.len());
                    let between: Vec<UserId> = people
                        .into_iter()
                        .filter(|other| apart.contains(other))
                        .collect();
                    search.checked(&between);
                }
                Step::Done(candidates) => {
                    return Outcome {
                        candidates,
                        requests,
                        checked,
                    };
                }
            }
        }
    }
}

fn partition(day: i64) -> Partition {
    let day = date(1980, 1, 7).saturating_add(day.days());
    Partition {
        gender: Gender::Female,
        wanted: Wanted::Male,
        bucket: Bucket::all_of(day).next().unwrap(),
    }
}

fn me() -> Candidate {
    person(u64::MAX, Gender::Male, date(1990, 1, 1), 0)
}

/// So many women in each of the partitions, the scores falling.
fn even(partitions: usize, people: usize) -> Pool {
    let people = |partition: usize| {
        let number = |index| (partition * people + index) as u64;
        (0..people)
            .map(|index| {
                person(
                    number(index),
                    Gender::Female,
                    date(1992, 5, 5),
                    index as u64,
                )
            })
            .collect()
    };
    let score = |partition: usize| 100 - (partition / 12) as u8;
    let partitions = (0..partitions).map(|partition| (score(partition), people(partition)));
    Pool(partitions.collect(), Vec::new())
}

#[test]
fn a_large_pool_takes_one_page_and_one_look_up() {
    let outcome = even(300, 44).search(&me(), &[]);
    assert_eq!(
        (outcome.requests, outcome.candidates.len()),
        (2, CANDIDATES)
    );
    // Those who were shown least.
    let shown: Vec<u64> = outcome
        .candidates
        .iter()
        .map(|one| one.candidate.listing_order)
        .collect();
    assert!(shown.iter().copied().eq(0..CANDIDATES as u64));
}

#[test]
fn a_small_pool_takes_no_more_than_all_requests() {
    let outcome = even(300, 1).search(&me(), &[]);
    assert_eq!(outcome.requests, SEARCH_REQUESTS);
    assert_eq!(outcome.candidates.len(), SEARCH_REQUESTS - 1);
    assert_eq!(outcome.checked, [SEARCH_REQUESTS - 1]);
}

#[test]
fn nobody_at_all_is_no_candidate() {
    let outcome = Pool(Vec::new(), Vec::new()).search(&me(), &[]);
    assert_eq!((outcome.requests, outcome.candidates.len()), (0, 0));
    let outcome = even(200, 0).search(&me(), &[]);
    assert_eq!(
        (outcome.requests, outcome.candidates.len()),
        (SEARCH_REQUESTS - 1, 0)
    );
}

#[test]
fn a_page_of_people_who_do_not_fit_is_followed_by_the_next_one_of_the_same_place() {
    let mut pool = even(2, 100);
    for other in &mut pool.0[0].1[..70] {
        other.preferences.max_age = Some(20);
    }
    pool.0[1].0 = 50;
    let outcome = pool.search(&me(), &[]);
    let of_the_first = |one: &&Scored| one.score == 100;
    let found = outcome.candidates.iter().take_while(of_the_first);
    assert_eq!(found.count(), CANDIDATES);
}

#[test]
fn whoever_asked_the_best_hundred_is_shown_others() {
    let pool = even(300, 44);
    let apart: Vec<UserId> = pool.0[..3]
        .iter()
        .flat_map(|(_, people)| people)
        .map(|one| one.user_id)
        .collect();
    let outcome = pool.search(&me(), &apart);
    assert!(outcome.candidates.len() >= CANDIDATES);
    assert!(outcome.requests <= SEARCH_REQUESTS);
    let shown = |one: &Scored| apart.contains(&one.candidate.user_id);
    assert!(!outcome.candidates.iter().any(shown));
}

#[test]
fn somebody_who_moved_to_the_next_page_comes_once() {
    let mut pool = even(1, 31);
    pool.0[0].1[30] = pool.0[0].1[0].clone();
    for other in &mut pool.0[0].1[1..20] {
        other.preferences.location = Some("elsewhere".into());
    }
    let outcome = pool.search(&me(), &[]);
    assert_eq!(outcome.candidates.len(), 11);
}

/// How many of the candidates are from the partitions that are `widened` so often.
fn of(outcome: &Outcome, widened: u8) -> usize {
    let found = outcome.candidates.iter();
    found.filter(|one| one.widened == widened).count()
}

#[test]
fn a_window_is_widened_only_where_fewer_than_five_stand() {
    for (near, apart, wider) in [(ENOUGH, 0, 0), (ENOUGH - 1, 0, 6), (ENOUGH + 2, 3, 6)] {
        let mut pool = even(9, 1);
        // The first are near in age, the others twelve and more years away, and go better with one.
        pool.0.truncate(near);
        for people in even(6, 1).0 {
            pool.0.push((100, people.1));
        }
        for (number, (score, people)) in pool.0.iter_mut().enumerate() {
            people[0].user_id = UserId::from_bytes([number as u8; 16]);
            *score = if number < near { 40 } else { 100 };
        }
        pool.1 = (0..pool.0.len())
            .map(|number| if number < near { 0 } else { 1 })
            .collect();
        let apart: Vec<UserId> = (0..apart)
            .map(|number: u8| UserId::from_bytes([number; 16]))
            .collect();
        let outcome = pool.search(&me(), &apart);
        assert_eq!(of(&outcome, 0), near - apart.len());
        assert_eq!(of(&outcome, 1), wider, "{near} near");
        assert!(outcome.candidates.is_sorted_by_key(|one| one.widened));
    }
}

#[test]
fn nobody_near_is_no_end() {
    let mut pool = even(40, 1);
    pool.1 = (0..40).map(|number| 1 + number / 10).collect();
    let outcome = pool.search(&me(), &[]);
    assert_eq!((of(&outcome, 1), outcome.candidates.len()), (10, 10));
    // Those who are nearest of all do not suit.
    for (_, people) in &mut pool.0[..10] {
        people[0].preferences.gender = Some(Wanted::Female);
    }
    let outcome = pool.search(&me(), &[]);
    assert_eq!((of(&outcome, 2), outcome.candidates.len()), (10, 10));
}

/// A person at random: a few fit for one reason or another, most do.
fn anybody() -> impl Strategy<Value = (Gender, u8, Option<u8>, bool, bool)> {
    (
        prop_oneof![9 => Just(Gender::Female), 1 => Just(Gender::Other)],
        19..60_u8,
        proptest::option::weighted(0.2, 20..50_u8),
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(0.15),
    )
}

proptest! {
    #[test]
    fn the_best_are_found_whatever_the_pool(
        partitions in proptest::collection::vec(
            (0..=100_u8, proptest::collection::vec(anybody(), 0..80)), 0..60,
        ),
        windows in proptest::collection::vec(0..4_u8, 0..60),
        myself: Option<Index>,
        older_than in proptest::option::of(19..40_u8),
    ) {
        let mut me = me();
        me.preferences.min_age = older_than;
        let (mut number, mut apart) = (0, Vec::new());
        let mut pool = Pool(Vec::new(), windows);
        for (score, people) in partitions {
            let people = people.into_iter().map(|(gender, years, max_age, elsewhere, related)| {
                number += 1;
                let born = TODAY.saturating_sub(i64::from(years).years());
                let mut other = person(number, gender, born, number % 40);
                other.preferences.max_age = max_age;
                other.preferences.gender = Some(Wanted::Male);
                other.preferences.location = elsewhere.then(|| "elsewhere".to_owned());
                if related {
                    apart.push(other.user_id);
                }
                other
            });
            pool.0.push((score, people.collect()));
        }
        let everybody = pool.0.iter().map(|(_, people)| people.len()).sum::<usize>();
        if let (Some(myself), true) = (myself, everybody > 0) {
            let mut all = pool.0.iter().flat_map(|(_, people)| people);
            me.user_id = all.nth(myself.index(everybody)).unwrap().user_id;
        }
        let outcome = pool.search(&me, &apart);

        let mut all: Vec<(u8, u8, UserId)> = pool.0.iter().enumerate()
            .flat_map(|(number, (score, people))| {
                let widened = pool.widened(number);
                people.iter().map(move |one| (widened, *score, one))
            })
            .filter(|(_, _, other)| {
                other.user_id != me.user_id
                    && me.accepts(other, TODAY)
                    && other.accepts(&me, TODAY)
                    && !apart.contains(&other.user_id)
            })
            .map(|(widened, score, other)| (widened, score, other.user_id))
            .collect();
        all.sort_by_key(|(widened, score, _)| (*widened, Reverse(*score)));

        prop_assert!(outcome.requests <= SEARCH_REQUESTS);
        let found = &outcome.candidates;
        let entry = |one: &Scored| (one.widened, one.score, one.candidate.user_id);
        prop_assert!(found.iter().all(|one| all.contains(&entry(one))));
        prop_assert!(found.is_sorted_by(|one, next| one.rank() >= next.rank()));
        let distinct: HashSet<UserId> = ids(found).collect();
        prop_assert_eq!(distinct.len(), found.len());
        if outcome.requests < SEARCH_REQUESTS - 1 {
            // As many windows as hold enough.
            let widest = all.get(ENOUGH - 1).map_or(u8::MAX, |(widened, ..)| *widened);
            all.retain(|(widened, ..)| *widened <= widest);
            prop_assert!(found.len() >= CANDIDATES.min(all.len()));
            let ranks = found.iter().map(|one| (one.widened, one.score));
            prop_assert!(ranks.eq(all[..found.len()].iter().map(|(widened, score, _)| (*widened, *score))));
        }
    }
}
