//! Who walks in where.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn nobody_walks_in_alone_while_another_room_has_a_seat(
        room_size in 2_u32..6,
        drawn in proptest::collection::vec(0_usize..8, 0..6),
        walk_ins in 0_u32..60,
    ) {
        let mut sizes = Sizes::new(drawn);
        for _ in 0..walk_ins {
            let (room, after) = sizes.walk_in(room_size, &BTreeSet::new());
            let room = room as usize;
            let before = sizes.0.get(room).copied().unwrap_or(0);
            let others = sizes.0.iter().filter(|size| **size > 0);
            let smallest = others.copied().min();
            if before == 0 {
                prop_assert!(smallest.is_none_or(|size| u32::from(size) >= room_size + 2));
            } else {
                prop_assert_eq!(Some(before), smallest);
                prop_assert!(u32::from(before) < room_size + 2);
            }
            // One more in that room, and nothing else.
            let mut expected = sizes.0.clone();
            expected.resize(expected.len().max(room + 1), 0);
            expected[room] += 1;
            prop_assert_eq!(&after.0, &expected);
            let without = after.without_one_in(count(room));
            prop_assert_eq!(without.0.get(room), Some(&before));
            sizes = after;
        }
    }

    #[test]
    fn who_walks_in_is_kept_apart_where_another_room_has_a_seat(
        room_size in 2_u32..6,
        drawn in proptest::collection::vec(0_usize..8, 0..6),
        apart in proptest::collection::btree_set(0_u32..6, 0..4),
    ) {
        let sizes = Sizes::new(drawn);
        let (room, _) = sizes.walk_in(room_size, &apart);
        let (anybodys, _) = sizes.walk_in(room_size, &BTreeSet::new());
        let others = sizes.with_a_seat(room_size).filter(|room| !apart.contains(room));
        // The smallest of the others; if there is none, as without a wish.
        prop_assert_eq!(room, others.into_iter().next().unwrap_or(anybodys));
    }
}
