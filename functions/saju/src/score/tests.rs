//! The rules' promises: symmetric, whole, explained, and spread over the scale.

use jiff::{ToSpan as _, civil::date};
use proptest::prelude::*;

use super::{rules::MAX, *};
use crate::pillars::{Birth, Bucket, FIRST_DATE, LAST_DATE, Pillar};

/// The pillars of every date from 1920 to 2050, both sides of a jie.
fn everybody() -> Vec<Pillars> {
    let dates = FIRST_DATE
        .series(1.day())
        .take_while(|day| *day <= LAST_DATE);
    dates
        .flat_map(Bucket::all_of)
        .map(|it| it.pillars())
        .collect()
}

/// Pairs of them, the same ones every time: a linear congruential generator (Knuth's MMIX).
fn pairs(count: usize) -> impl Iterator<Item = (Pillars, Pillars)> {
    let people = everybody();
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        people[(state >> 33) as usize % people.len()]
    };
    (0..count).map(move |_| (next(), next()))
}

fn born(year: i16, month: i8, day: i8) -> Pillars {
    Birth::new(date(year, month, day), None).unwrap().pillars()
}

fn assert_sound(a: &Pillars, b: &Pillars) {
    let (there, back) = (rules::points(a, b), rules::points(b, a));
    assert_eq!(there, back, "{a} / {b}");
    assert!(
        there.iter().zip(MAX).all(|(points, max)| *points <= max),
        "{a} / {b}: {there:?}"
    );
    assert_eq!(score_of(a, b), there.iter().sum::<u8>());
}

#[test]
fn scores_are_symmetric_and_sum_up_over_100_000_pairs() {
    assert_eq!(MAX.iter().sum::<u8>(), 100);
    for (index, (a, b)) in pairs(100_000).enumerate() {
        assert_sound(&a, &b);
        if index % 100 == 0 {
            let whole = Compatibility::of(&a, &b);
            assert_eq!(whole.score, score_of(&b, &a));
            let points: Vec<u8> = whole.breakdown.iter().map(|part| part.points).collect();
            assert_eq!(points, rules::points(&a, &b));
            assert!(whole.breakdown.iter().map(|part| part.max).eq(MAX));
        }
    }
}

#[test]
fn scores_are_symmetric_for_all_pairs_of_day_pillars() {
    let with_day = |index| Pillars {
        day: Pillar::from_index(index),
        ..born(1990, 5, 15)
    };
    for a in 0..60 {
        for b in 0..60 {
            assert_sound(&with_day(a), &with_day(b));
        }
    }
}

proptest! {
    /// Also for pillars that no date has.
    #[test]
    fn scores_are_symmetric_for_any_pillars(indices in prop::array::uniform6(0..60_u32)) {
        let [a, b, c, d, e, f] = indices.map(Pillar::from_index);
        let pillars = |year, month, day| Pillars { year, month, day, hour: None };
        assert_sound(&pillars(a, b, c), &pillars(d, e, f));
    }

    /// The hour of birth changes the score only where a jie falls on the day.
    #[test]
    fn the_hour_does_not_count(index in 0..60_u32) {
        let (a, b) = (born(1990, 5, 15), born(1992, 8, 20));
        let with_hour = Pillars { hour: Some(Pillar::from_index(index)), ..a };
        prop_assert_eq!(Compatibility::of(&with_hour, &b), Compatibility::of(&a, &b));
    }
}

/// Mean and deciles: the lowest, the 10 %, 20 % … points, the highest.
fn distribution(mut scores: Vec<u8>) -> (f64, [u8; 11]) {
    scores.sort_unstable();
    let mean = scores.iter().map(|score| f64::from(*score)).sum::<f64>() / scores.len() as f64;
    let last = scores.len() - 1;
    (mean, std::array::from_fn(|tenth| scores[last * tenth / 10]))
}

#[test]
fn scores_spread_over_the_scale() {
    let all: Vec<[u8; rules::PARTS]> = pairs(100_000).map(|(a, b)| rules::points(&a, &b)).collect();
    for (part, (name, _)) in PARTS.iter().enumerate() {
        let (mean, deciles) = distribution(all.iter().map(|points| points[part]).collect());
        eprintln!(
            "{name}: of {}, mean {mean:.1}, deciles {deciles:?}",
            MAX[part]
        );
        assert!(
            deciles[10] > deciles[0] + MAX[part] / 2,
            "{name} hardly varies"
        );
    }
    let scores: Vec<u8> = all.iter().map(|points| points.iter().sum()).collect();
    let commonest = (0..=100)
        .map(|score| scores.iter().filter(|it| **it == score).count())
        .max();
    let (mean, deciles) = distribution(scores);
    eprintln!(
        "score: mean {mean:.1}, deciles {deciles:?}, commonest value {commonest:?} of 100000"
    );
    assert!((50.0..60.0).contains(&mean));
    assert!(deciles[0] <= 25 && deciles[10] >= 90, "{deciles:?}");
    assert!(deciles[9] - deciles[1] >= 20, "{deciles:?}");
    assert!(commonest < Some(6_000));
}

/// Favours added up by hand from the listings, as points of 20.
#[test]
fn branches_have_the_points_of_all_their_relations() {
    use crate::pillars::Branch as B;
    for (a, b, points) in [
        (B::JA, B::CHUK, 20), // 육합 9, 방합 4, 상극 -2: cut at 10
        (B::IN, B::HAE, 18),  // 육합 9, 파 -3, 상생 2
        (B::SA, B::SIN, 9),   // 육합 9, 형 -5, 파 -3, 상극 -2
        (B::SIN, B::JA, 19),  // 반합 7, 상생 2
        (B::SIN, B::JIN, 16), // 공합 4, 상생 2
        (B::MYO, B::JIN, 8),  // 방합 4, 해 -4, 상극 -2
        (B::JA, B::JA, 13),   // 동지 2, 비화 1
        (B::JIN, B::JIN, 8),  // 자형 -3, 비화 1
        (B::JA, B::IN, 12),   // 상생 2
        (B::O, B::SIN, 8),    // 상극 -2
        (B::JA, B::O, 0),     // 충 -8, 상극 -2
        (B::IN, B::SIN, 0),   // 충 -8, 형 -5, 상극 -2: cut at -10
        (B::JIN, B::SUL, 3),  // 충 -8, 비화 1
        (B::JA, B::MI, 0),    // 해 -4, 원진 -5, 상극 -2: cut at -10
        (B::SA, B::SUL, 7),   // 원진 -5, 상생 2
    ] {
        assert_eq!(rules::branch(a, b, 20), points, "{a} {b}");
    }
    // Halves are rounded up: 13 of 20 is 9.75 of 15 and 3.25 of 5, 18 of 20 is 13.5 of 15.
    assert_eq!(rules::branch(B::JA, B::JA, 15), 10);
    assert_eq!(rules::branch(B::JA, B::JA, 5), 3);
    assert_eq!(rules::branch(B::IN, B::HAE, 15), 14);
}

#[test]
fn day_stems_have_the_points_of_their_relation() {
    use crate::pillars::Stem as S;
    for (a, b, points) in [
        (S::GAP, S::GI, 20),     // 천간합
        (S::GAP, S::BYEONG, 16), // 상생
        (S::GAP, S::GYE, 16),    // 상생, the other way
        (S::GAP, S::GAP, 13),    // 비화
        (S::GAP, S::EUL, 13),    // 비화
        (S::EUL, S::MU, 8),      // 상극, of different polarity
        (S::GAP, S::MU, 6),      // 상극, of the same
        (S::GAP, S::GYEONG, 4),  // 천간충
    ] {
        assert_eq!(rules::day_stem(a, b).points(), points, "{a} {b}");
        assert_eq!(rules::day_stem(b, a).points(), points, "{b} {a}");
    }
}

#[test]
fn elements_are_filled_shared_or_missing() {
    for (a, b, points) in [
        (0, 0, 0),
        (0, 1, 3),
        (0, 2, 5),
        (0, 3, 5),
        (0, 4, 3),
        (0, 6, 3),
        (1, 1, 3),
        (1, 2, 3),
        (2, 2, 2),
        (1, 4, 1),
        (3, 3, 0),
        (6, 6, 0),
    ] {
        assert_eq!(rules::Supply::of(a, b).points(), points, "{a} {b}");
        assert_eq!(rules::Supply::of(b, a), rules::Supply::of(a, b));
    }
}

#[test]
fn the_spouse_star_is_the_nearest_one() {
    use crate::pillars::Stem as S;
    // 임신(壬申) 무신(戊申) 무진(戊辰).
    let other = born(1992, 8, 20);
    let found =
        |day| rules::spouse_star(day, &other).map(|it| (it.place, it.god.name(), it.points()));
    // 계(癸) unites with 무(戊), its 정관, in the day stem; 갑(甲) finds its 편재 there.
    assert_eq!(found(S::GYE), Some((0, "정관(正官)", 5)));
    assert_eq!(found(S::GAP), Some((0, "편재(偏財)", 4)));
    // 정(丁) has to go as far as the month's branch 신(申), whose core is 경(庚).
    assert_eq!(found(S::JEONG), Some((3, "정재(正財)", 3)));
    // 무(戊) finds the year's stem 임(壬), 경(庚) nothing.
    assert_eq!(found(S::MU), Some((4, "편재(偏財)", 1)));
    assert_eq!(found(S::GYEONG), None);
}

/// 경오(庚午) 신사(辛巳) 경진(庚辰) asks about 임신(壬申) 무신(戊申) 무진(戊辰).
#[test]
fn a_pair_is_explained_in_korean() {
    let whole = Compatibility::of(&born(1990, 5, 15), &born(1992, 8, 20));
    let parts: Vec<_> = whole
        .breakdown
        .iter()
        .map(|part| (part.name, part.points, part.max, part.reason.as_str()))
        .collect();
    assert_eq!(
        parts,
        [
            (
                "day_stem",
                16,
                20,
                "경(庚)과 무(戊): 토생금(土生金)의 상생(相生)으로 한쪽이 다른 쪽을 북돋워 줍니다."
            ),
            (
                "day_branch",
                8,
                20,
                "진(辰)과 진(辰): 자형(自刑)의 긴장이 있는 사이이며, 오행(五行)은 토(土)끼리의 비화(比和)입니다."
            ),
            (
                "year_branch",
                6,
                15,
                "오(午)와 신(申): 합(合)도 충(冲)도 없는 무난한 사이이며, 오행(五行)은 화극금(火剋金)의 상극(相剋)입니다."
            ),
            (
                "month_branch",
                5,
                10,
                "사(巳)와 신(申): 육합(六合)의 끌림과 형(刑)·파(破)의 긴장이 함께하는 사이이며, 오행(五行)은 화극금(火剋金)의 상극(相剋)입니다. 계절은 여름과 가을: 이어지는 계절이라 조후(調候)가 무난합니다."
            ),
            (
                "five_elements",
                11,
                25,
                "화(火)·수(水)의 빈자리를 서로 채워 줍니다. 토(土)의 기운을 고루 나누어 가졌습니다. 금(金)의 기운은 함께 모이면 넘칩니다. 목(木)의 기운은 두 사람 모두에게 없습니다."
            ),
            (
                "spouse_star",
                0,
                10,
                "나의 배우자성(配偶者星): 상대의 사주에는 드러나지 않습니다. 상대의 배우자성: 나의 사주에는 드러나지 않습니다."
            ),
        ]
    );
    assert_eq!(whole.score, 46);
}

/// Over some 9,000 pairs: no sentence lacks its subject or its end.
#[test]
fn every_reason_is_whole() {
    let people = everybody();
    for (a, b) in people.iter().step_by(7).zip(people.iter().rev().step_by(5)) {
        for part in Compatibility::of(a, b).breakdown {
            let reason = part.reason;
            assert!(reason.ends_with("니다."), "{reason}");
            assert!(!reason.contains("  ") && !reason.contains(" ."), "{reason}");
            assert!(!reason.starts_with('의'), "{reason}");
        }
    }
}
