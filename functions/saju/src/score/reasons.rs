//! The sentences behind a score's points, in Korean with hanja.

use std::fmt::Display;

use crate::{
    pillars::{Branch, Element, Pillars, Stem},
    profile::Gender,
    score::{
        Side,
        relations::{Relation, season},
        rules::{SEASONS, Star, StemRelation, Supply, day_stem, elements, favour_of, spouse_star},
    },
};

/// The names of the places of a [`Star`].
const PLACES: [&str; 6] = [
    "일간(日干)",
    "일지(日支)",
    "월간(月干)",
    "월지(月支)",
    "연간(年干)",
    "연지(年支)",
];

pub fn of_day_stems(a: Stem, b: Stem) -> String {
    let elements = between(a.element(), b.element());
    let text = match day_stem(a, b) {
        StemRelation::Union(element) => {
            format!("천간합(天干合)으로 서로 이끌려 {element}의 기운을 함께 이루는 인연입니다.")
        }
        StemRelation::Begetting => format!("{elements}으로 한쪽이 다른 쪽을 북돋워 줍니다."),
        StemRelation::Same => format!("{elements}로 벗처럼 마음이 통합니다."),
        StemRelation::SoftControl => {
            format!("{elements}이지만 음양(陰陽)이 달라 맞추어 갈 여지가 있습니다.")
        }
        StemRelation::Control => {
            format!("{elements}에 음양(陰陽)까지 같아 서로 양보가 필요합니다.")
        }
        StemRelation::Clash => {
            "천간충(天干沖)으로 맞부딪치기 쉬우니 한 걸음 여유가 필요합니다.".to_owned()
        }
    };
    format!("{a}{} {b}: {text}", and(a.korean()))
}

pub fn of_branches(a: Branch, b: Branch) -> String {
    let holding = Relation::ALL.into_iter().filter(|it| it.holds(a, b));
    let (kind, hard): (Vec<_>, Vec<_>) = holding.partition(|it| favour_of(*it) > 0);
    let names = |relations: &[Relation]| list(relations.iter().map(|it| it.name()));
    let bond = match (&kind[..], &hard[..]) {
        ([], []) => "합(合)도 충(沖)도 없는 무난한 사이".to_owned(),
        ([Relation::Same], []) => "같은 지지(地支)로 서로 닮은 사이".to_owned(),
        (kind, []) => format!("{}의 끌림이 있는 사이", names(kind)),
        ([], hard) => format!("{}의 긴장이 있는 사이", names(hard)),
        (kind, hard) => format!(
            "{}의 끌림과 {}의 긴장이 함께하는 사이",
            names(kind),
            names(hard)
        ),
    };
    let elements = between(a.element(), b.element());
    format!(
        "{}{} {b}: {bond}이며, 오행(五行)은 {elements}입니다.",
        a,
        and(a.korean())
    )
}

pub fn of_months(a: Branch, b: Branch) -> String {
    let [one, other] = [a, b].map(|it| ["봄", "여름", "가을", "겨울"][season(it)]);
    let seasons = match SEASONS[season(a)][season(b)] {
        5 => "더위와 추위가 서로를 누그러뜨려 조후(調候)가 가장 좋습니다.",
        4 => "온화함과 서늘함이 어울려 조후(調候)가 좋습니다.",
        3 => "이어지는 계절이라 조후(調候)가 무난합니다.",
        2 => "같은 계절이라 조후(調候)를 크게 돕지는 못합니다.",
        _ if one == "여름" => "둘 다 여름이라 더위가 더해집니다.",
        _ => "둘 다 겨울이라 추위가 더해집니다.",
    };
    format!(
        "{} 계절은 {one}{} {other}: {seasons}",
        of_branches(a, b),
        and_word(one)
    )
}

pub fn of_elements(a: &Pillars, b: &Pillars) -> String {
    let counts = elements(a).into_iter().zip(elements(b));
    let supplies: Vec<_> = Element::ALL
        .into_iter()
        .zip(counts.map(|(a, b)| Supply::of(a, b)))
        .collect();
    let which = |wanted: &[Supply]| {
        let those = supplies
            .iter()
            .filter(|(_, supply)| wanted.contains(supply));
        list(those.map(|(element, _)| element))
    };
    let sentence = |text: String, rest: &str| match text.is_empty() {
        true => None,
        false => Some(format!("{text}{rest}")),
    };
    let sentences: Vec<String> = [
        sentence(
            which(&[Supply::Filled, Supply::PartlyFilled]),
            "의 빈자리를 서로 채워 줍니다.",
        ),
        sentence(
            which(&[Supply::Even, Supply::Ample]),
            "의 기운을 고루 나누어 가졌습니다.",
        ),
        sentence(
            which(&[Supply::Much, Supply::Excess]),
            "의 기운은 함께 모이면 넘칩니다.",
        ),
        sentence(
            which(&[Supply::Missing]),
            "의 기운은 두 사람 모두에게 없습니다.",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    sentences.join(" ")
}

pub fn of_spouse_stars(mine: &Side, theirs: &Side) -> String {
    let sought = |gender: Gender| match gender {
        Gender::Male => "재성(財星)",
        Gender::Female => "관성(官星)",
        Gender::Other => "재성(財星)·관성(官星)",
    };
    let found = |star: Option<Star>, whose: &str| match star {
        Some(Star {
            place,
            branch,
            stem,
            god,
        }) => {
            let branch = branch.map_or_else(String::new, |it| format!("{it}의 본기(本氣) "));
            let place = PLACES[place];
            format!(
                "{whose} {place} {branch}{stem}{} {god}입니다.",
                subject(stem.korean())
            )
        }
        None => format!("{whose} 사주에는 드러나지 않습니다."),
    };
    format!(
        "나의 배우자성(配偶者星) {}: {} 상대의 배우자성 {}: {}",
        sought(mine.gender),
        found(spouse_star(mine, &theirs.pillars), "상대"),
        sought(theirs.gender),
        found(spouse_star(theirs, &mine.pillars), "내"),
    )
}

/// `목생화(木生火)의 상생(相生)`, `금극목(金剋木)의 상극(相剋)` or `수(水)끼리의 비화(比和)`.
fn between(a: Element, b: Element) -> String {
    let phrase = |one: Element, other: Element, verb: (char, char), name: &str| {
        let (verb, hanja) = verb;
        format!(
            "{}{verb}{}({}{hanja}{})의 {name}",
            one.korean(),
            other.korean(),
            one.hanja(),
            other.hanja(),
        )
    };
    match a.steps_to(b) {
        0 => format!("{a}끼리의 비화(比和)"),
        1 => phrase(a, b, ('생', '生'), "상생(相生)"),
        2 => phrase(a, b, ('극', '剋'), "상극(相剋)"),
        3 => phrase(b, a, ('극', '剋'), "상극(相剋)"),
        _ => phrase(b, a, ('생', '生'), "상생(相生)"),
    }
}

fn list(items: impl Iterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.join("·")
}

/// The Korean "and" after a syllable: 과 after a final consonant, else 와.
fn and(syllable: char) -> &'static str {
    match is_open(syllable) {
        true => "와",
        false => "과",
    }
}

fn and_word(word: &str) -> &'static str {
    word.chars().last().map_or("와", and)
}

/// The mark of the Korean subject after a syllable: 이 after a final consonant, else 가.
fn subject(syllable: char) -> &'static str {
    match is_open(syllable) {
        true => "가",
        false => "이",
    }
}

/// Whether a Hangul syllable has no final consonant: they stand in groups of 28, such a one first.
fn is_open(syllable: char) -> bool {
    u32::from(syllable).wrapping_sub(0xAC00).is_multiple_of(28)
}
