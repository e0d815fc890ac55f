//! Who is brought together with whom, once a slot runs: nobody stays alone who could have company.
//!
//! A rule and nothing else: it sees how many are present in each room and says which rooms are merged.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
};

/// People are brought into one room at a time up to this number, so that it is one transaction.
const AT_ONCE: usize = 40;

/// Rooms whose people go into another one. All are indices into what [`merges`] was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Where they go. Somebody is there.
    pub to: usize,
    /// Where they come from: one person from each.
    pub from: Vec<usize>,
}

/// People who will be in one room.
struct Company {
    merge: Merge,
    people: usize,
}

impl Company {
    /// Who is in this room now.
    fn of(room: usize, people: usize) -> Self {
        let from = Vec::new();
        let merge = Merge { to: room, from };
        Self { merge, people }
    }

    fn rooms(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.merge.to).chain(self.merge.from.iter().copied())
    }

    /// One person more, who was alone in that room.
    fn take(&mut self, room: usize) {
        self.merge.from.push(room);
        self.people += 1;
    }
}

/// What is done about those who are alone, where `present` says how many are in each room and `room_size` how
/// many a room is meant for. `apart` says whether who is alone in the first room is to be kept apart from anybody
/// in the second.
///
/// Those who are alone meet each other, in rooms of two up to `room_size` (of three where that is two and their
/// number odd), the first of their rooms each time. A single one goes to the smallest room, the first of several,
/// unless all have `room_size + 2`. So nobody is brought into a room that has more than `room_size + 2` then, and
/// whoever is still alone could have gone nowhere: everywhere there is somebody to be kept apart from, or no place.
pub fn merges(
    present: &[usize],
    room_size: usize,
    apart: impl Fn(usize, usize) -> bool,
) -> Vec<Merge> {
    let people = |room: usize| present.get(room).copied().unwrap_or_default();
    let alone: Vec<usize> = (0..present.len())
        .filter(|room| people(*room) == 1)
        .collect();
    let conflicts = |one: usize| {
        let others = (0..present.len()).filter(|other| *other != one && people(*other) > 0);
        others.filter(|other| apart(one, *other)).count()
    };
    let conflicts: BTreeMap<usize, usize> =
        (alone.iter().map(|room| (*room, conflicts(*room)))).collect();
    let (mut companies, left) = if conflicts.values().all(|count| *count == 0) {
        together(&alone, room_size)
    } else {
        kept_apart(alone, room_size, &conflicts, &apart)
    };
    let rest = (0..present.len()).filter(|room| people(*room) > 1);
    companies.extend(rest.map(|room| Company::of(room, people(room))));
    for room in left {
        let fits = |company: &&mut Company| {
            company.people < room_size + 2 && !company.rooms().any(|other| apart(room, other))
        };
        let smallest = companies.iter_mut().filter(fits);
        if let Some(company) = smallest.min_by_key(|company| (company.people, company.merge.to)) {
            company.take(room);
        }
    }
    let merges = companies.into_iter().map(|company| company.merge);
    merges.filter(|merge| !merge.from.is_empty()).collect()
}

/// Those who are alone in as few rooms as hold them, and none of one; and the one who is left if they are one.
fn together(alone: &[usize], room_size: usize) -> (Vec<Company>, Vec<usize>) {
    if let [single] = alone {
        return (Vec::new(), vec![*single]);
    }
    let size = room_size.clamp(2, AT_ONCE);
    let rooms = alone.len().div_ceil(size).min(alone.len() / 2);
    let mut rest = alone;
    let mut companies = Vec::with_capacity(rooms);
    for room in 0..rooms {
        let (these, others) = rest.split_at(rest.len().div_ceil(rooms - room));
        rest = others;
        if let [to, from @ ..] = these {
            let mut company = Company::of(*to, 1);
            from.iter().for_each(|room| company.take(*room));
            companies.push(company);
        }
    }
    (companies, Vec::new())
}

/// The same where some are to be kept apart: pairs, those first who may meet the fewest, then pairs with each other
/// as far as a room holds them; and those who are left, no two of whom may meet.
fn kept_apart(
    mut alone: Vec<usize>,
    room_size: usize,
    conflicts: &BTreeMap<usize, usize>,
    apart: impl Fn(usize, usize) -> bool,
) -> (Vec<Company>, Vec<usize>) {
    alone.sort_by_key(|room| Reverse(conflicts.get(room)));
    let mut waiting = VecDeque::from(alone);
    let (mut pairs, mut left) = (Vec::new(), Vec::new());
    while let Some(one) = waiting.pop_front() {
        match waiting.iter().position(|other| !apart(one, *other)) {
            Some(at) => pairs.extend(
                waiting
                    .remove(at)
                    .map(|other| (one.min(other), one.max(other))),
            ),
            None => left.push(one),
        }
    }
    pairs.sort_unstable();
    let mut companies: Vec<Company> = Vec::new();
    for (one, other) in pairs {
        let fits = |company: &&mut Company| {
            let size = room_size.min(AT_ONCE);
            let may_meet = |room| !apart(one, room) && !apart(other, room);
            company.people + 2 <= size && company.rooms().all(may_meet)
        };
        if let Some(company) = companies.iter_mut().find(fits) {
            company.take(one);
            company.take(other);
        } else {
            let mut pair = Company::of(one, 1);
            pair.take(other);
            companies.push(pair);
        }
    }
    (companies, left)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn after(present: &[usize], merges: &[Merge]) -> Vec<usize> {
        let mut after = present.to_vec();
        for Merge { to, from } in merges {
            for room in from {
                after[*room] -= 1;
                after[*to] += 1;
            }
        }
        after
    }

    /// What has to hold of a morning: `present` in rooms of `size`.
    fn check(present: &[usize], size: usize) {
        let merges = merges(present, size, |_, _| false);
        let moved: Vec<usize> = merges.iter().flat_map(|merge| merge.from.clone()).collect();
        let distinct: BTreeSet<usize> = moved.iter().copied().collect();
        assert_eq!(
            distinct.len(),
            moved.len(),
            "in two rooms: {present:?} {merges:?}"
        );
        for Merge { to, from } in &merges {
            assert!(from.iter().all(|room| present[*room] == 1));
            assert!(present[*to] > 0 && !distinct.contains(to) && !from.is_empty());
        }
        let after = after(present, &merges);
        assert_eq!(after.iter().sum::<usize>(), present.iter().sum::<usize>());
        let grown = after.iter().zip(present);
        for (after, before) in grown {
            assert!(after <= before || *after <= size + 2, "{present:?} {after}");
        }
        let alone = after.iter().filter(|people| **people == 1).count();
        let has_place = |people: &&usize| (2..size + 2).contains(*people);
        assert!(
            alone == 0 || (alone == 1 && !after.iter().any(|people| has_place(&people))),
            "alone though there was company: {present:?} → {after:?}"
        );
        // Whoever has company stays where they are.
        assert_eq!(super::merges(&after, size, |_, _| false), []);
    }

    /// xorshift64*, so that a morning is replayed from its seed.
    struct Seeded(u64);

    impl Seeded {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            let random = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
            usize::try_from(random).unwrap() % bound
        }
    }

    #[test]
    fn ten_thousand_mornings_leave_nobody_alone_who_could_have_company() {
        for seed in 1..=10_000 {
            let mut random = Seeded(seed);
            let size = 2 + random.below(7);
            // From mornings on which hardly anybody comes to such on which all do.
            let comes = 1 + random.below(100);
            let rooms = random.below(60);
            let drawn = (0..rooms).map(|_| size - 1 + random.below(4));
            let drawn: Vec<usize> = drawn.collect();
            let mut present = Vec::new();
            for people in drawn {
                let here = (0..people).filter(|_| random.below(100) < comes);
                present.push(here.count());
            }
            check(&present, size);
        }
    }

    #[test]
    fn few_are_told_to_move_and_rooms_are_not_filled_beyond_need() {
        let merge = |to, from: &[usize]| Merge {
            to,
            from: from.to_vec(),
        };
        for (present, size, expected) in [
            (&[][..], 4, vec![]),
            (&[1], 4, vec![]),
            (&[0, 1, 0], 4, vec![]),
            (&[1, 1], 4, vec![merge(0, &[1])]),
            (&[4, 1, 3], 4, vec![merge(2, &[1])]),
            (&[5, 1, 5], 4, vec![merge(0, &[1])]),
            (&[6, 1, 7], 4, vec![]),
            (&[1, 0, 1, 4, 1], 4, vec![merge(0, &[2, 4])]),
            (&[1; 5], 4, vec![merge(0, &[1, 2]), merge(3, &[4])]),
            (&[1; 3], 2, vec![merge(0, &[1, 2])]),
        ] {
            assert_eq!(merges(present, size, |_, _| false), expected, "{present:?}");
        }
    }

    #[test]
    fn two_who_are_alone_and_to_be_kept_apart_go_to_others() {
        let apart = |one, other| [(0, 1), (1, 0)].contains(&(one, other));
        let merge = |to, from: &[usize]| Merge {
            to,
            from: from.to_vec(),
        };
        assert_eq!(merges(&[1, 1], 4, apart), []);
        assert_eq!(merges(&[1, 1, 3], 4, apart), [merge(2, &[0])]);
        assert_eq!(
            merges(&[1, 1, 3, 3], 4, apart),
            [merge(2, &[0]), merge(3, &[1])]
        );
        assert_eq!(
            merges(&[1, 1, 1, 1], 4, apart),
            [merge(0, &[2]), merge(1, &[3])]
        );
    }

    /// What has to hold where `apart` are rooms whose people are to be kept apart.
    fn check_apart(present: &[usize], size: usize, pairs: &BTreeSet<(usize, usize)>) {
        let apart = |one: usize, other: usize| pairs.contains(&(one.min(other), one.max(other)));
        let merges = merges(present, size, apart);
        let mut rooms: Vec<Vec<usize>> = (0..present.len()).map(|room| vec![room]).collect();
        let moved: BTreeSet<usize> = merges.iter().flat_map(|merge| merge.from.clone()).collect();
        let count: usize = merges.iter().map(|merge| merge.from.len()).sum();
        assert_eq!(moved.len(), count, "in two rooms: {merges:?}");
        for Merge { to, from } in &merges {
            assert!(present[*to] > 0 && !moved.contains(to));
            assert!(from.iter().all(|room| present[*room] == 1));
            for room in from {
                assert!(
                    !rooms[*to].iter().any(|other| apart(*room, *other)),
                    "{merges:?}"
                );
                rooms[*to].push(*room);
            }
        }
        let after = after(present, &merges);
        for (room, people) in after.iter().enumerate().filter(|(_, people)| **people == 1) {
            let elsewhere = (0..present.len()).filter(|other| *other != room && after[*other] > 0);
            for other in elsewhere {
                let has_place = after[other] < size + 2;
                let meets = rooms[other].iter().any(|other| apart(room, *other));
                assert!(
                    !has_place || meets,
                    "{room} is alone after {merges:?} of {present:?}, {people}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn whoever_is_to_be_kept_apart_is(
            present in proptest::collection::vec(0_usize..5, 0..16), size in 2_usize..6,
            pairs in proptest::collection::btree_set((0_usize..16, 0_usize..16), 0..40),
        ) {
            let pairs = pairs.into_iter().filter(|(one, other)| one < other).collect();
            check_apart(&present, size, &pairs);
        }

        #[test]
        fn whatever_is_present(present in proptest::collection::vec(0_usize..12, 0..200), size in 2_usize..101) {
            check(&present, size);
        }
    }
}
