//! The parts of a fortune, and how long it takes until one comes again.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::pillars::{Branch, Pillar};

fn text(mine: u32, day: u32) -> String {
    Reading::of(Pillar::from_index(mine), Pillar::from_index(day)).text()
}

/// Whoever is born on any of the sixty days, on whichever of the sixty days they begin to read: on
/// the ten days that follow nothing comes that they have read, and on the eleventh, when the same ten god
/// is back, not what it said the time before.
#[test]
fn nothing_is_read_twice_in_ten_days() {
    for mine in 0..60 {
        for first in 0..60 {
            let texts: BTreeSet<String> = (first..=first + 10).map(|day| text(mine, day)).collect();
            assert_eq!(texts.len(), 11, "{mine} from {first}");
        }
    }
}

/// Stem and branch are of one polarity, in my pillar and in the day's: so 충, six places away, comes
/// with the gods of one's own polarity only, and 육합 with those of the other.
#[test]
fn of_the_hundred_and_twenty_all_come_that_can() {
    let mut came: BTreeMap<Meeting, BTreeSet<TenGod>> = BTreeMap::new();
    for mine in 0..60 {
        for day in 0..60 {
            let reading = Reading::of(Pillar::from_index(mine), Pillar::from_index(day));
            came.entry(reading.meeting).or_default().insert(reading.god);
        }
    }
    assert_eq!(came.len(), 12);
    for (meeting, gods) in &came {
        let both = [false, true].map(|other| {
            gods.iter()
                .filter(|god| god.is_of_other_polarity() == other)
                .count()
        });
        assert!(
            both.iter().all(|count| [0, 5].contains(count)),
            "{meeting:?}"
        );
    }
    let all: usize = came.values().map(BTreeSet::len).sum();
    eprintln!("{all} of 120 combinations come");
    assert_eq!(came[&Meeting::Clash].len(), 5);
    assert_eq!(all, 90);
}

#[test]
fn branches_meet_as_is_taught() {
    use Branch as B;
    for (mine, day, meeting) in [
        (B::JA, B::CHUK, Meeting::SixUnion),   // 육합, also 방합
        (B::SA, B::SIN, Meeting::SixUnion),    // 육합, also 형 and 파
        (B::IN, B::SIN, Meeting::Clash),       // 충, also 형
        (B::SIN, B::JA, Meeting::ThreeUnion),  // 반합
        (B::SIN, B::JIN, Meeting::ThreeUnion), // 공합
        (B::IN, B::SA, Meeting::Punishment),   // 형, also 해
        (B::JIN, B::JIN, Meeting::Punishment), // 자형
        (B::JA, B::JA, Meeting::SameElement),  // the same branch
        (B::JIN, B::MI, Meeting::SameElement), // earth and earth
        (B::JA, B::MI, Meeting::Harm),         // 해, also 원진
        (B::MYO, B::JIN, Meeting::Harm),       // 해, also 방합
        (B::IN, B::YU, Meeting::Resentment),
        (B::JA, B::YU, Meeting::Break),
        (B::IN, B::MYO, Meeting::Quarter),
        (B::JA, B::IN, Meeting::Begetting), // 수생목
        (B::IN, B::JA, Meeting::Begetting),
        (B::JA, B::SA, Meeting::Controlling), // 수극화
        (B::SA, B::JA, Meeting::Controlled),
    ] {
        assert_eq!(Meeting::of(mine, day), meeting, "{mine} {day}");
    }
    // Only the last four go one way.
    for mine in B::all() {
        for day in B::all() {
            let (there, back) = (Meeting::of(mine, day), Meeting::of(day, mine));
            match there {
                Meeting::Controlling => assert_eq!(back, Meeting::Controlled),
                Meeting::Controlled => assert_eq!(back, Meeting::Controlling),
                _ => assert_eq!(back, there),
            }
        }
    }
}

#[test]
fn each_part_has_its_own_key_name_and_text() {
    let distinct = |of: fn(Meeting) -> &'static str| {
        let all: BTreeSet<_> = Meeting::ALL.into_iter().map(of).collect();
        all.len()
    };
    assert_eq!(distinct(Meeting::key), 12);
    assert_eq!(distinct(Meeting::name), 12);
    assert_eq!(distinct(Meeting::text), 12);
    for meeting in Meeting::ALL {
        let text = meeting.text();
        assert_eq!(text.matches('.').count(), 2, "{text}");
        assert!(text.contains(meeting.name()), "{text}");
        assert!(!text.contains("  "), "{text}");
        let [first, second] = text.split_inclusive(". ").collect::<Vec<_>>()[..] else {
            panic!("{text}")
        };
        assert!(
            first.ends_with("니다. ") && second.ends_with(['.']),
            "{text}"
        );
    }
}
