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

/// Pairs of them of all genders, the same ones every time: a linear congruential generator (Knuth's
/// MMIX).
fn pairs(count: usize) -> impl Iterator<Item = (Side, Side)> {
    let people = everybody();
    let mut state = 1_u64;
    let mut next = move |most: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    let mut side = move || Side {
        pillars: people[next(people.len())],
        gender: Gender::ALL[next(3)],
    };
    (0..count).map(move |_| (side(), side()))
}

fn born(year: i16, month: i8, day: i8) -> Pillars {
    Birth::new(date(year, month, day), None).unwrap().pillars()
}

fn her(pillars: Pillars) -> Side {
    Side {
        pillars,
        gender: Gender::Female,
    }
}

fn him(pillars: Pillars) -> Side {
    Side {
        pillars,
        gender: Gender::Male,
    }
}

/// Of all nine pairs of genders.
fn assert_all_sound(a: &Pillars, b: &Pillars) {
    for one in Gender::ALL {
        for other in Gender::ALL {
            let side = |pillars: &Pillars, gender| Side {
                pillars: *pillars,
                gender,
            };
            assert_sound(&side(a, one), &side(b, other));
        }
    }
}

fn assert_sound(a: &Side, b: &Side) {
    let (there, back) = (rules::points(a, b), rules::points(b, a));
    assert_eq!(there, back, "{a:?} / {b:?}");
    assert!(
        there.iter().zip(MAX).all(|(points, max)| *points <= max),
        "{a:?} / {b:?}: {there:?}"
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
            assert_all_sound(&with_day(a), &with_day(b));
        }
    }
}

proptest! {
    /// Also for pillars that no date has.
    #[test]
    fn scores_are_symmetric_for_any_pillars(indices in prop::array::uniform6(0..60_u32)) {
        let [a, b, c, d, e, f] = indices.map(Pillar::from_index);
        let pillars = |year, month, day| Pillars { year, month, day, hour: None };
        assert_all_sound(&pillars(a, b, c), &pillars(d, e, f));
    }

    /// The hour of birth changes the score only where a jie falls on the day.
    #[test]
    fn the_hour_does_not_count(index in 0..60_u32) {
        let (a, b) = (born(1990, 5, 15), born(1992, 8, 20));
        let with_hour = Pillars { hour: Some(Pillar::from_index(index)), ..a };
        prop_assert_eq!(
            Compatibility::of(&her(with_hour), &him(b)),
            Compatibility::of(&her(a), &him(b))
        );
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
fn the_spouse_star_is_the_nearest_of_one_s_gender() {
    use crate::pillars::Stem as S;
    // 임신(壬申) 무신(戊申) 무진(戊辰).
    let other = born(1992, 8, 20);
    let found = |gender, stem| {
        let mut pillars = born(1990, 5, 15);
        pillars.day.stem = stem;
        let star = rules::spouse_star(&Side { pillars, gender }, &other);
        star.map(|it| (it.place, it.branch, it.god.name(), it.points()))
    };
    let sin = Some(crate::pillars::Branch::SIN);
    let (male, female) = (Gender::Male, Gender::Female);
    // 계(癸) unites with 무(戊), her 정관, in the day stem; a man of 계(癸) looks for fire in vain.
    assert_eq!(found(female, S::GYE), Some((0, None, "정관(正官)", 5)));
    assert_eq!(found(male, S::GYE), None);
    // To 갑(甲) it is his 편재; a woman goes as far as the month's 신(申) for the 경(庚) in it.
    assert_eq!(found(male, S::GAP), Some((0, None, "편재(偏財)", 4)));
    assert_eq!(found(female, S::GAP), Some((3, sin, "편관(偏官)", 2)));
    assert_eq!(found(male, S::JEONG), Some((3, sin, "정재(正財)", 3)));
    assert_eq!(found(female, S::JEONG), Some((4, None, "정관(正官)", 2)));
    // 무(戊) finds the year's stem 임(壬), his 편재; 경(庚) nothing.
    assert_eq!(found(male, S::MU), Some((4, None, "편재(偏財)", 1)));
    assert_eq!(found(female, S::MU), None);
    assert_eq!(found(female, S::GYEONG), None);
    // Of whom the tradition does not speak, the nearer of both.
    for (stem, gender) in [
        (S::GYE, female),
        (S::GAP, male),
        (S::JEONG, male),
        (S::MU, male),
    ] {
        assert_eq!(found(Gender::Other, stem), found(gender, stem), "{stem}");
    }
}

/// Against the definition, for every two day stems.
#[test]
fn a_woman_s_star_controls_her_and_a_man_controls_his() {
    use crate::{pillars::Stem, ten_gods::ten_god};
    for day in Stem::all() {
        for other in Stem::all() {
            let god = ten_god(day, other);
            let (mine, theirs) = (day.element(), other.element());
            let his = rules::is_spouse_star(Gender::Male, god);
            let hers = rules::is_spouse_star(Gender::Female, god);
            assert_eq!(his, mine.controls(theirs), "{day} {other}");
            assert_eq!(hers, theirs.controls(mine), "{day} {other}");
            let either = rules::is_spouse_star(Gender::Other, god);
            assert_eq!(either, his || hers);
        }
    }
}

/// 갑(甲) is the core of 인(寅): the branch is named, then the stem in it.
#[test]
fn a_star_in_a_branch_names_the_branch_and_its_core() {
    // 갑인(甲寅) in the month, and no metal or wood nearer.
    let pillar = Pillar::from_index;
    let chart = |year, month, day| Pillars {
        year: pillar(year),
        month: pillar(month),
        day: pillar(day),
        hour: None,
    };
    // 기축(己丑) 병인(丙寅) 정사(丁巳), and 기축(己丑) 기사(己巳) 기미(己未).
    let (one, other) = (chart(25, 2, 53), chart(25, 5, 55));
    let reason = |mine: &Side, theirs: &Side| {
        let whole = Compatibility::of(mine, theirs);
        whole.breakdown.into_iter().last().map(|part| part.reason)
    };
    let hers = reason(&her(other), &him(one)).unwrap();
    assert_eq!(
        hers,
        "나의 배우자성(配偶者星) 관성(官星): 상대 월지(月支) 인(寅)의 본기(本氣) 갑(甲)이 정관(正官)입니다. \
         상대의 배우자성 재성(財星): 내 사주에는 드러나지 않습니다."
    );
    let his = reason(&him(one), &her(other)).unwrap();
    assert_eq!(
        his,
        "나의 배우자성(配偶者星) 재성(財星): 상대 사주에는 드러나지 않습니다. \
         상대의 배우자성 관성(官星): 내 월지(月支) 인(寅)의 본기(本氣) 갑(甲)이 정관(正官)입니다."
    );
}

/// 경오(庚午) 신사(辛巳) 경진(庚辰) asks about 임신(壬申) 무신(戊申) 무진(戊辰).
#[test]
fn a_pair_is_explained_in_korean() {
    let whole = Compatibility::of(&her(born(1990, 5, 15)), &him(born(1992, 8, 20)));
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
                "오(午)와 신(申): 합(合)도 충(沖)도 없는 무난한 사이이며, 오행(五行)은 화극금(火剋金)의 상극(相剋)입니다."
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
                "나의 배우자성(配偶者星) 관성(官星): 상대 사주에는 드러나지 않습니다. 상대의 배우자성 재성(財星): 내 사주에는 드러나지 않습니다."
            ),
        ]
    );
    assert_eq!(whole.score, 46);
}

/// Over some 9,000 pairs: no sentence lacks its subject or its end, none says 의 twice on end, and
/// none says what was found wrong.
#[test]
fn every_reason_is_whole() {
    let people = everybody();
    let mut seasons = std::collections::BTreeSet::new();
    for (a, b) in people.iter().step_by(7).zip(people.iter().rev().step_by(5)) {
        for part in Compatibility::of(&her(*a), &him(*b)).breakdown {
            let reason = part.reason;
            assert!(reason.ends_with("니다."), "{reason}");
            assert!(!reason.contains("  ") && !reason.contains(" ."), "{reason}");
            assert!(!reason.starts_with('의'), "{reason}");
            let words: Vec<&str> = reason.split(' ').collect();
            let doubled = words
                .windows(2)
                .any(|two| two.iter().all(|word| word.ends_with('의')));
            assert!(!doubled, "{reason}");
            for wrong in ["\u{51b2}", "더위나 추위", "동지(同支)"] {
                assert!(!reason.contains(wrong), "{reason}");
            }
            for season in ["더위가 더해집니다", "추위가 더해집니다"] {
                if reason.contains(season) {
                    seasons.insert(season);
                }
            }
        }
    }
    assert_eq!(seasons.len(), 2);
}
