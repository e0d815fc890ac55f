//! Who is brought together with whom, once a slot runs: nobody stays alone who could have company.
//!
//! A rule and nothing else: it sees how many are present in each room and says which rooms are merged.

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

/// What is done about those who are alone, where `present` says how many are in each room and `room_size` how
/// many a room is meant for.
///
/// Those who are alone meet each other, in rooms of two up to `room_size` (of three where that is two and their
/// number odd), the first of their rooms each time. A single one goes to the smallest room, the first of several,
/// unless all have `room_size + 2`. So nobody is brought into a room that has more than `room_size + 2` then, and
/// whoever is still alone could have gone nowhere.
pub fn merges(present: &[usize], room_size: usize) -> Vec<Merge> {
    let alone: Vec<usize> = (0..present.len())
        .filter(|room| present.get(*room) == Some(&1))
        .collect();
    if let [single] = alone.as_slice() {
        let company = (0..).zip(present.iter().copied());
        let smallest = company
            .filter(|(_, people)| (2..room_size + 2).contains(people))
            .min_by_key(|(room, people)| (*people, *room));
        return Vec::from_iter(smallest.map(|(to, _)| Merge {
            to,
            from: vec![*single],
        }));
    }
    let size = room_size.clamp(2, AT_ONCE);
    // As few rooms as hold them, and none of one.
    let rooms = alone.len().div_ceil(size).min(alone.len() / 2);
    let mut rest = alone.as_slice();
    let mut merges = Vec::with_capacity(rooms);
    for room in 0..rooms {
        let (these, others) = rest.split_at(rest.len().div_ceil(rooms - room));
        rest = others;
        if let [to, from @ ..] = these {
            merges.push(Merge {
                to: *to,
                from: from.to_vec(),
            });
        }
    }
    merges
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
        let merges = merges(present, size);
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
        assert_eq!(super::merges(&after, size), []);
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
            assert_eq!(merges(present, size), expected, "{present:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_present(present in proptest::collection::vec(0_usize..12, 0..200), size in 2_usize..101) {
            check(&present, size);
        }
    }
}
