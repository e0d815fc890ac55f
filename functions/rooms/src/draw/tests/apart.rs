//! Who is to be kept apart.

use std::collections::BTreeSet;

use super::super::{Random, draw, room_count};

/// Some people's wishes, one to ten each.
fn wishes(random: &mut Random, n: usize, allowed: impl Fn(u32, u32) -> bool) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for _ in 0..=random.below(n) {
        let person = random.below(n) as u32;
        for _ in 0..=random.below(10) {
            let other = random.below(n) as u32;
            if allowed(person, other) {
                pairs.push((person, other));
            }
        }
    }
    pairs
}

fn are_apart(pairs: &[(u32, u32)], a: u32, b: u32) -> bool {
    a != b && (pairs.contains(&(a, b)) || pairs.contains(&(b, a)))
}

fn together(pairs: &[(u32, u32)], rooms: &[Vec<u32>]) -> usize {
    let meet = |room: &Vec<u32>| {
        let each = room.iter().flat_map(|a| room.iter().map(move |b| (*a, *b)));
        each.filter(|&(a, b)| a < b && are_apart(pairs, a, b))
            .count()
    };
    rooms.iter().map(meet).sum()
}

/// Whether `n` people fit into so many rooms, of sizes that differ by at most one, with nobody beside whom
/// they are not to meet. Tries every seating.
fn fits(n: usize, rooms: usize, pairs: &[(u32, u32)]) -> bool {
    fn seat(person: usize, n: usize, rooms: &mut [Vec<u32>], pairs: &[(u32, u32)]) -> bool {
        if person == n {
            return true;
        }
        for number in 0..rooms.len() {
            let size = n / rooms.len() + usize::from(number < n % rooms.len());
            let new = person as u32;
            let room = &rooms[number];
            if room.len() < size && !room.iter().any(|&other| are_apart(pairs, new, other)) {
                rooms[number].push(new);
                if seat(person + 1, n, rooms, pairs) {
                    return true;
                }
                rooms[number].pop();
            }
        }
        false
    }
    seat(0, n, &mut vec![Vec::new(); rooms], pairs)
}

fn rates(random: &mut Random, n: usize) -> Vec<u8> {
    (0..n).map(|_| random.below(101) as u8).collect()
}

/// Earlier mornings, at random.
fn history(random: &mut Random, n: usize, size: usize) -> Vec<Vec<Vec<u32>>> {
    let mut morning = |_| {
        let mut rooms = vec![Vec::new(); n / size + 1];
        for person in 0..n as u32 {
            rooms[random.below(n / size + 1)].push(person);
        }
        rooms
    };
    (0..4).map(&mut morning).collect()
}

fn sits_evenly(n: usize, rooms: &[Vec<u32>]) -> bool {
    let people: BTreeSet<u32> = rooms.concat().into_iter().collect();
    let small = rooms.iter().map(Vec::len).min().unwrap_or(0);
    let large = rooms.iter().map(Vec::len).max().unwrap_or(0);
    people.len() == n && rooms.concat().len() == n && large - small <= 1 && (small >= 2 || n < 2)
}

#[test]
fn a_wish_is_kept_wherever_everybody_can_be_seated_otherwise() {
    let mut random = Random(18);
    let (mut feasible, mut more_rooms) = (0, 0);
    for number in 0..500 {
        let (n, size) = (2 + random.below(11), 2 + random.below(4));
        let pairs = wishes(&mut random, n, |_, _| true);
        let rates = rates(&mut random, n);
        // Mostly all of them met on the morning before.
        let history = match number % 20 {
            0 => history(&mut random, n, size),
            _ => vec![vec![(0..n as u32).collect()]],
        };
        let rooms = draw(&rates, &history, &pairs, size);
        assert!(sits_evenly(n, &rooms), "{rooms:?}");
        let fewest = room_count(n, size);
        // With as few rooms as can be, of two people at least.
        let possible = (fewest..=(n / 2).max(fewest)).find(|&rooms| fits(n, rooms, &pairs));
        if let Some(possible) = possible {
            assert_eq!(together(&pairs, &rooms), 0, "{n} {size} {pairs:?}");
            assert_eq!(rooms.len(), possible, "{n} {size} {pairs:?}");
            feasible += 1;
            more_rooms += usize::from(possible > fewest);
        }
    }
    // Neither is the exception.
    assert!(
        (100..400).contains(&feasible) && more_rooms > 20,
        "{feasible} {more_rooms}"
    );
}

#[test]
fn of_more_people_nobody_meets_whom_they_need_not() {
    let mut random = Random(18);
    for _ in 0..60 {
        let (n, size) = (13 + random.below(60), 2 + random.below(4));
        let fewest = room_count(n, size);
        // There is a seating: this one.
        let mut order: Vec<u32> = (0..n as u32).collect();
        random.shuffle(&mut order);
        let room = |person: u32| order[person as usize] as usize % fewest;
        let pairs = wishes(&mut random, n, |a, b| room(a) != room(b));
        let rates = rates(&mut random, n);
        // All of them met on the morning before: no repeat outweighs a wish.
        let history = [vec![(0..n as u32).collect()]];
        let rooms = draw(&rates, &history, &pairs, size);
        assert!(sits_evenly(n, &rooms), "{rooms:?}");
        assert_eq!(together(&pairs, &rooms), 0, "{n} {size}");
        assert_eq!(rooms.len(), fewest);
    }
}

#[test]
fn a_crowd_is_kept_apart_and_likely_no_shows_stay_spread() {
    let n = 1_500;
    let mut random = Random(18);
    let rates: Vec<u8> = (0..n).map(|p| if p % 5 == 0 { 20 } else { 100 }).collect();
    let pairs = wishes(&mut random, n, |_, _| true);
    let rooms = draw(&rates, &[draw(&rates, &[], &[], 4)], &pairs, 4);
    assert!(sits_evenly(n, &rooms));
    assert_eq!(together(&pairs, &rooms), 0);
    assert!(super::no_shows_are_even(&rates, &rooms));
}

#[test]
fn wishes_go_before_repeats() {
    // Those who met each morning may meet again, the strangers not.
    let history = vec![vec![vec![0, 1], vec![2, 3]]; 30];
    let pairs = [(0, 2), (3, 0), (1, 2), (3, 1), (7, 0), (1, 1)];
    let mut rooms = draw(&[100; 4], &history, &pairs, 2);
    rooms.sort();
    assert_eq!(rooms, [[0, 1], [2, 3]]);
}

#[test]
fn where_it_cannot_be_otherwise_as_few_meet_as_can() {
    // Of two, or of three, nobody sits alone.
    assert_eq!(draw(&[100; 2], &[], &[(0, 1)], 4), [[0, 1]]);
    assert_eq!(draw(&[100; 3], &[], &[(0, 1)], 4), [[0, 1, 2]]);
    // Four need not share the one room.
    let mut rooms = draw(&[100; 4], &[], &[(0, 1)], 4);
    rooms.sort();
    assert!(
        rooms.len() == 2 && !rooms.contains(&vec![0, 1]),
        "{rooms:?}"
    );
    // Somebody who wishes to meet nobody meets one.
    let nobody: Vec<(u32, u32)> = (1..8).map(|other| (0, other)).collect();
    assert_eq!(together(&nobody, &draw(&[100; 8], &[], &nobody, 4)), 1);
}

#[test]
fn the_order_of_wishes_and_their_direction_say_nothing() {
    let mut random = Random(18);
    for n in [9, 40] {
        let mut pairs = wishes(&mut random, n, |_, _| true);
        let rooms = draw(&vec![100; n], &[], &pairs, 4);
        pairs.reverse();
        let mut turned: Vec<(u32, u32)> = pairs.iter().map(|&(a, b)| (b, a)).collect();
        turned.extend(pairs);
        assert_eq!(draw(&vec![100; n], &[], &turned, 4), rooms);
    }
}

/// The rooms of these draws as one number, as they were before there were wishes.
#[test]
fn without_wishes_nothing_is_drawn_otherwise() {
    let mut random = Random(7);
    let mut digest = Random(0);
    for n in [3, 5, 9, 12, 16, 20, 24, 40, 64, 65, 100, 300, 1_100] {
        for size in 2..=5 {
            let (rates, history) = (rates(&mut random, n), history(&mut random, n, size));
            for room in draw(&rates, &history, &[], size) {
                room.iter().for_each(|&person| digest.stir(person.into()));
                digest.stir(u64::MAX);
            }
        }
    }
    assert_eq!(digest.next(), 0xfb36_3397_e1ec_ee61);
}
