//! The points of each part of a score: the whole of the rules, on the listings of
//! [`super::relations`].

use crate::{
    pillars::{Branch, Element, Pillar, Pillars, Stem},
    profile::Gender,
    score::{
        Side,
        relations::{Relation, season, stem_union, stems_clash},
    },
    ten_gods::{TenGod, ten_god},
};

/// How many parts a score has: day stem, day branch, year branch, month branch and season, five
/// elements, spouse stars.
pub const PARTS: usize = 6;
/// The most that each part can give; 100 together.
pub const MAX: [u8; PARTS] = [20, 20, 15, 10, 25, 10];

/// The points of each part, in the order of [`MAX`].
pub fn points(a: &Side, b: &Side) -> [u8; PARTS] {
    let star = |mine, theirs: &Side| spouse_star(mine, &theirs.pillars).map_or(0, Star::points);
    let stars = star(a, b) + star(b, a);
    let (a, b) = (&a.pillars, &b.pillars);
    [
        day_stem(a.day.stem, b.day.stem).points(),
        branch(a.day.branch, b.day.branch, MAX[1]),
        branch(a.year.branch, b.year.branch, MAX[2]),
        month(a.month.branch, b.month.branch),
        five_elements(a, b),
        stars,
    ]
}

/// How two day stems (일간 日干) stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StemRelation {
    /// 천간합(天干合), becoming this element.
    Union(Element),
    /// 상생(相生): one's element begets the other's.
    Begetting,
    /// 비화(比和): the same element.
    Same,
    /// 상극(相剋) of different polarity (음양 陰陽), which softens it.
    SoftControl,
    /// 상극(相剋) of the same polarity.
    Control,
    /// 천간충(天干沖): control across the sky.
    Clash,
}

/// How two day stems stand to each other. Union and clash go before what their elements say: both
/// are pairs of controlling elements.
pub const fn day_stem(a: Stem, b: Stem) -> StemRelation {
    if let Some(element) = stem_union(a, b) {
        return StemRelation::Union(element);
    }
    if stems_clash(a, b) {
        return StemRelation::Clash;
    }
    match a.element().steps_to(b.element()) {
        0 => StemRelation::Same,
        1 | 4 => StemRelation::Begetting,
        _ if a.is_yang() != b.is_yang() => StemRelation::SoftControl,
        _ => StemRelation::Control,
    }
}

impl StemRelation {
    /// Its points of 20.
    pub const fn points(self) -> u8 {
        match self {
            Self::Union(_) => 20,
            Self::Begetting => 16,
            Self::Same => 13,
            Self::SoftControl => 8,
            Self::Control => 6,
            Self::Clash => 4,
        }
    }
}

/// What a relation of branches adds to their favour, or takes from it.
pub const fn favour_of(relation: Relation) -> i8 {
    match relation {
        Relation::SixUnion => 9,
        Relation::HalfUnion => 7,
        Relation::ArchUnion => 4,
        Relation::Quarter => 4,
        Relation::Same => 2,
        Relation::Clash => -8,
        Relation::Punishment => -5,
        Relation::SelfPunishment => -3,
        Relation::Harm => -4,
        Relation::Break => -3,
        Relation::Resentment => -5,
    }
}

/// What the elements of two branches add to their favour: 비화(比和) 1, 상생(相生) 2, 상극(相剋) −2.
const fn favour_of_elements(a: Element, b: Element) -> i8 {
    match a.steps_to(b) {
        0 => 1,
        1 | 4 => 2,
        _ => -2,
    }
}

/// The favour between two branches: every relation that holds counts, and the elements; between
/// −10 and 10.
const fn favour(a: Branch, b: Branch) -> i8 {
    let mut sum = favour_of_elements(a.element(), b.element());
    let mut at = 0;
    while at < Relation::ALL.len() {
        if Relation::ALL[at].holds(a, b) {
            sum += favour_of(Relation::ALL[at]);
        }
        at += 1;
    }
    match sum {
        11.. => 10,
        ..-10 => -10,
        _ => sum,
    }
}

/// [`favour`] of every two branches, reckoned once.
static FAVOUR: [[i8; 12]; 12] = {
    let mut table = [[0; 12]; 12];
    let mut at = 0;
    while at < 144 {
        let (a, b) = (at / 12, at % 12);
        table[a][b] = favour(Branch::from_index(a as u32), Branch::from_index(b as u32));
        at += 1;
    }
    table
};

/// The points of two branches out of `max`: nothing for the worst favour, all for the best, in
/// proportion between, rounded half up.
pub fn branch(a: Branch, b: Branch, max: u8) -> u8 {
    let favour = i16::from(FAVOUR[a.index()][b.index()]) + 10;
    ((i16::from(max) * favour + 10) / 20) as u8
}

/// Month branches, 5 for their favour and 5 for how the seasons temper each other (조후 調候).
pub fn month(a: Branch, b: Branch) -> u8 {
    branch(a, b, 5) + SEASONS[season(a)][season(b)]
}

/// 조후(調候), of 5: heat and cold temper each other best, then mild spring and cool autumn;
/// seasons that follow on each other are in the middle; the same season leaves warm as warm and
/// cold as cold, worst at the extremes.
#[rustfmt::skip]
pub const SEASONS: [[u8; 4]; 4] = [
    // spring, summer, autumn, winter
    [2, 3, 4, 3], // 봄
    [3, 1, 3, 5], // 여름
    [4, 3, 2, 3], // 가을
    [3, 5, 3, 1], // 겨울
];

/// How much of each element (오행 五行) somebody has in the six characters of year, month and day,
/// branches counting for their core.
pub fn elements(pillars: &Pillars) -> [u8; 5] {
    let mut counts = [0; 5];
    for pillar in [pillars.year, pillars.month, pillars.day] {
        counts[pillar.stem.element() as usize] += 1;
        counts[pillar.branch.element() as usize] += 1;
    }
    counts
}

/// What two people make of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// One has none, the other has two or three: filled (보완 補完).
    Filled,
    /// One has none, the other has one, or four and more: filled, scantly or roughly.
    PartlyFilled,
    /// Both have it, two or three together of twelve: the even share.
    Even,
    /// Both have it, four together.
    Ample,
    /// Both have it, five together.
    Much,
    /// Both have it, six or more together: too much (태과 太過).
    Excess,
    /// Neither has it (결여 缺如).
    Missing,
}

impl Supply {
    /// For the counts of two people.
    pub const fn of(a: u8, b: u8) -> Self {
        match (a, b) {
            (0, 0) => Self::Missing,
            (0, 2 | 3) | (2 | 3, 0) => Self::Filled,
            (0, _) | (_, 0) => Self::PartlyFilled,
            _ => match a + b {
                2 | 3 => Self::Even,
                4 => Self::Ample,
                5 => Self::Much,
                _ => Self::Excess,
            },
        }
    }

    /// Its points of 5.
    pub const fn points(self) -> u8 {
        match self {
            Self::Filled => 5,
            Self::PartlyFilled | Self::Even => 3,
            Self::Ample => 2,
            Self::Much => 1,
            Self::Excess | Self::Missing => 0,
        }
    }
}

/// The five elements: 5 points each.
pub fn five_elements(a: &Pillars, b: &Pillars) -> u8 {
    let (a, b) = (elements(a), elements(b));
    a.into_iter()
        .zip(b)
        .map(|(a, b)| Supply::of(a, b).points())
        .sum()
}

/// Where somebody's spouse star stands in another's pillars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Star {
    /// 0 일간(日干), 1 일지(日支), 2 월간(月干), 3 월지(月支), 4 연간(年干), 5 연지(年支).
    pub place: usize,
    /// The branch there, whose core (본기 本氣) the star is; none where it is a stem.
    pub branch: Option<Branch>,
    /// The stem that it is.
    pub stem: Stem,
    /// Which star: one of 재성(財星) and 관성(官星).
    pub god: TenGod,
}

impl Star {
    /// Its points of 5: the nearer to the other's self the more, and one more for the upright
    /// stars (정재 正財, 정관 正官).
    pub const fn points(self) -> u8 {
        [4, 3, 2, 2, 1, 1][self.place] + self.god.is_of_other_polarity() as u8
    }
}

/// Whether this god is the spouse star (배우자성 配偶者星) of somebody of that gender: 재성(財星) a
/// man's, 관성(官星) a woman's, either for whom the tradition names none.
pub const fn is_spouse_star(gender: Gender, god: TenGod) -> bool {
    match gender {
        Gender::Male => god.is_wealth(),
        Gender::Female => god.is_officer(),
        Gender::Other => god.is_wealth() || god.is_officer(),
    }
}

/// The nearest spouse star that somebody finds in the other's pillars.
pub fn spouse_star(me: &Side, other: &Pillars) -> Option<Star> {
    let pillars = [other.day, other.month, other.year];
    let places = pillars.into_iter().flat_map(|pillar| {
        let Pillar { stem, branch } = pillar;
        [(None, stem), (Some(branch), branch.main_stem())]
    });
    places
        .enumerate()
        .map(|(place, (branch, stem))| Star {
            place,
            branch,
            stem,
            god: ten_god(me.pillars.day.stem, stem),
        })
        .find(|star| is_spouse_star(me.gender, star.god))
}
