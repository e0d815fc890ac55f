//! Rules and quality of the draw.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashSet;

mod apart;

/// Repeat meetings when `n` people are drawn `mornings` times.
fn repeats(n: u32, size: usize, mornings: usize, seed: u64) -> usize {
    let mut random = Random(seed);
    let mut met = HashSet::new();
    let (mut history, mut repeats): (Vec<Vec<Vec<u32>>>, _) = (Vec::new(), 0);
    for _ in 0..mornings {
        let mut order: Vec<u32> = (0..n).collect();
        (1..n as usize)
            .rev()
            .for_each(|i| order.swap(i, random.below(i + 1)));
        let index = |person: &u32| order.iter().position(|p| p == person).unwrap() as u32;
        let seen: Vec<Vec<Vec<u32>>> = history
            .iter()
            .map(|m| m.iter().map(|g| g.iter().map(index).collect()).collect())
            .collect();
        let rooms: Vec<Vec<u32>> = draw(&vec![100; n as usize], &seen, &[], size)
            .iter()
            .map(|room| room.iter().map(|&i| order[i as usize]).collect())
            .collect();
        for room in &rooms {
            for (&a, &b) in room.iter().flat_map(|a| room.iter().map(move |b| (a, b))) {
                repeats += usize::from(a < b && !met.insert((a, b)));
            }
        }
        history.insert(0, rooms);
    }
    repeats
}

fn no_shows_are_even(rates: &[u8], rooms: &[Vec<u32>]) -> bool {
    let count = |room: &Vec<u32>| room.iter().filter(|&&p| rates[p as usize] < 50).count();
    rooms.iter().map(count).max() <= rooms.iter().map(|room| count(room) + 1).min()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn everyone_sits_once_in_even_rooms(
        rates in vec(0u8..=100, 0..=200),
        history in vec(vec(vec(0u32..210, 0..8), 0..40), 0..6),
        size in 2usize..=5,
    ) {
        let rooms = draw(&rates, &history, &[], size);
        let mut people = rooms.concat();
        people.sort_unstable();
        prop_assert_eq!(people, (0..rates.len() as u32).collect::<Vec<_>>());
        let small = rooms.iter().map(Vec::len).min().unwrap_or(0);
        let large = rooms.iter().map(Vec::len).max().unwrap_or(0);
        prop_assert!(large - small <= 1 && large <= size + 1);
        prop_assert!(small >= 2 || rates.len() < 2);
        prop_assert_eq!(rooms, draw(&rates, &history, &[], size));
    }

    #[test]
    fn likely_no_shows_are_spread(rates in vec(0u8..=100, 2..=120), size in 2usize..=5) {
        let first = draw(&rates, &[], &[], size);
        prop_assert!(no_shows_are_even(&rates, &first));
        // Unless people are few, repeats need not stand in the way.
        let second = draw(&rates, &[first], &[], size);
        prop_assert!(rates.len() < 40 || no_shows_are_even(&rates, &second));
    }
}

#[test]
fn rooms_are_near_their_size() {
    let sizes = |n, size| {
        let rooms = draw(&vec![100; n], &[], &[], size);
        rooms.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert!(sizes(0, 4).is_empty());
    assert_eq!([sizes(1, 4), sizes(3, 2), sizes(5, 4)], [[1], [3], [5]]);
    assert_eq!(
        [sizes(5, 2), sizes(6, 4), sizes(7, 5)],
        [[3, 2], [3, 3], [4, 3]]
    );
    assert_eq!(sizes(9, 4), [3; 3]);
    assert_eq!(
        [sizes(10, 0), sizes(10, usize::MAX)],
        [vec![2; 5], vec![10]]
    );
}

/// Four people of three earlier rooms include two of the same room. So each
/// of three rooms repeats a pair of the first morning, on the second and on
/// the third: at least 3 + 3.
#[test]
fn twelve_people_repeat_no_more_than_they_must() {
    (0..3).for_each(|seed| assert_eq!(repeats(12, 4, 3, seed), 6));
}

#[test]
fn a_recent_meeting_weighs_more() {
    // Two rooms of two out of four people: one of the three pairings must recur.
    let history = [[[0, 1], [2, 3]], [[0, 2], [1, 3]], [[0, 3], [1, 2]]];
    let history = history.map(|m| m.map(Vec::from).to_vec());
    let mut rooms = draw(&[100; 4], &history, &[], 2);
    rooms.sort();
    assert_eq!(rooms, [[0, 3], [1, 2]]);
}

#[test]
fn few_repeats_over_many_mornings() {
    let sum = |n, size, mornings, seeds| -> usize {
        (0..seeds)
            .map(|seed| repeats(n, size, mornings, seed))
            .sum()
    };
    assert!(sum(16, 4, 5, 4) <= 4);
    assert!(sum(15, 3, 7, 2) <= 2 * 6);
    assert!(sum(24, 4, 7, 1) <= 15);
    assert_eq!(sum(20, 4, 10, 1), 110);
    assert_eq!(sum(200, 4, 5, 1), 0);
}
