//! How two branches or two stems stand to each other: the listings of the tradition, line by line.

use crate::pillars::{Branch, Element, Stem};

type B = Branch;

/// 천간합(天干合) 갑기 을경 병신 정임 무계, with the element that the two become (화 化).
pub const STEM_UNIONS: [(Stem, Stem, Element); 5] = [
    (Stem::GAP, Stem::GI, Element::Earth),     // 갑기합토(甲己合土)
    (Stem::EUL, Stem::GYEONG, Element::Metal), // 을경합금(乙庚合金)
    (Stem::BYEONG, Stem::SIN, Element::Water), // 병신합수(丙辛合水)
    (Stem::JEONG, Stem::IM, Element::Wood),    // 정임합목(丁壬合木)
    (Stem::MU, Stem::GYE, Element::Fire),      // 무계합화(戊癸合火)
];

/// 천간충(天干沖) 갑경 을신 병임 정계: opposite quarters of the sky.
pub const STEM_CLASHES: [(Stem, Stem); 4] = [
    (Stem::GAP, Stem::GYEONG), // 갑경충(甲庚沖)
    (Stem::EUL, Stem::SIN),    // 을신충(乙辛沖)
    (Stem::BYEONG, Stem::IM),  // 병임충(丙壬沖)
    (Stem::JEONG, Stem::GYE),  // 정계충(丁癸沖)
];

/// 육합(六合) 자축 인해 묘술 진유 사신 오미.
pub const SIX_UNIONS: [(B, B); 6] = [
    (B::JA, B::CHUK), // 자축합(子丑合)
    (B::IN, B::HAE),  // 인해합(寅亥合)
    (B::MYO, B::SUL), // 묘술합(卯戌合)
    (B::JIN, B::YU),  // 진유합(辰酉合)
    (B::SA, B::SIN),  // 사신합(巳申合)
    (B::O, B::MI),    // 오미합(午未合)
];

/// 삼합(三合) 신자진 해묘미 인오술 사유축, the one in the middle being the king (왕지 旺支).
pub const THREE_UNIONS: [[B; 3]; 4] = [
    [B::SIN, B::JA, B::JIN], // 신자진(申子辰) 수국(水局)
    [B::HAE, B::MYO, B::MI], // 해묘미(亥卯未) 목국(木局)
    [B::IN, B::O, B::SUL],   // 인오술(寅午戌) 화국(火局)
    [B::SA, B::YU, B::CHUK], // 사유축(巳酉丑) 금국(金局)
];

/// 방합(方合) 인묘진 사오미 신유술 해자축: the seasons and quarters.
pub const QUARTERS: [[B; 3]; 4] = [
    [B::IN, B::MYO, B::JIN],  // 인묘진(寅卯辰) 동방 목(木), 봄
    [B::SA, B::O, B::MI],     // 사오미(巳午未) 남방 화(火), 여름
    [B::SIN, B::YU, B::SUL],  // 신유술(申酉戌) 서방 금(金), 가을
    [B::HAE, B::JA, B::CHUK], // 해자축(亥子丑) 북방 수(水), 겨울
];

/// 충(沖) 자오 축미 인신 묘유 진술 사해.
pub const CLASHES: [(B, B); 6] = [
    (B::JA, B::O),    // 자오충(子午沖)
    (B::CHUK, B::MI), // 축미충(丑未沖)
    (B::IN, B::SIN),  // 인신충(寅申沖)
    (B::MYO, B::YU),  // 묘유충(卯酉沖)
    (B::JIN, B::SUL), // 진술충(辰戌沖)
    (B::SA, B::HAE),  // 사해충(巳亥沖)
];

/// 형(刑) 인사신 축술미 자묘; of the two threes each two punish each other.
pub const PUNISHMENTS: [(B, B); 7] = [
    (B::IN, B::SA),    // 인사형(寅巳刑), 무은지형(無恩之刑)
    (B::SA, B::SIN),   // 사신형(巳申刑)
    (B::SIN, B::IN),   // 신인형(申寅刑)
    (B::CHUK, B::SUL), // 축술형(丑戌刑), 지세지형(持勢之刑)
    (B::SUL, B::MI),   // 술미형(戌未刑)
    (B::MI, B::CHUK),  // 미축형(未丑刑)
    (B::JA, B::MYO),   // 자묘형(子卯刑), 무례지형(無禮之刑)
];

/// 자형(自刑) 진진 오오 유유 해해.
pub const SELF_PUNISHMENTS: [B; 4] = [B::JIN, B::O, B::YU, B::HAE];

/// 해(害) 자미 축오 인사 묘진 신해 유술.
pub const HARMS: [(B, B); 6] = [
    (B::JA, B::MI),   // 자미해(子未害)
    (B::CHUK, B::O),  // 축오해(丑午害)
    (B::IN, B::SA),   // 인사해(寅巳害)
    (B::MYO, B::JIN), // 묘진해(卯辰害)
    (B::SIN, B::HAE), // 신해해(申亥害)
    (B::YU, B::SUL),  // 유술해(酉戌害)
];

/// 파(破) 자유 축진 인해 묘오 사신 술미.
pub const BREAKS: [(B, B); 6] = [
    (B::JA, B::YU),    // 자유파(子酉破)
    (B::CHUK, B::JIN), // 축진파(丑辰破)
    (B::IN, B::HAE),   // 인해파(寅亥破)
    (B::MYO, B::O),    // 묘오파(卯午破)
    (B::SA, B::SIN),   // 사신파(巳申破)
    (B::SUL, B::MI),   // 술미파(戌未破)
];

/// 원진(怨嗔) 자미 축오 인유 묘신 진해 사술.
pub const RESENTMENTS: [(B, B); 6] = [
    (B::JA, B::MI),   // 자미(子未)
    (B::CHUK, B::O),  // 축오(丑午)
    (B::IN, B::YU),   // 인유(寅酉)
    (B::MYO, B::SIN), // 묘신(卯申)
    (B::JIN, B::HAE), // 진해(辰亥)
    (B::SA, B::SUL),  // 사술(巳戌)
];

/// How two branches may stand to each other. Several may hold at once: 사신(巳申) unite, punish
/// and break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// 육합(六合): [`SIX_UNIONS`].
    SixUnion,
    /// 삼합(三合)의 반합(半合): two of a [`THREE_UNIONS`], the king among them.
    HalfUnion,
    /// 삼합(三合)의 공합(拱合): the two of a [`THREE_UNIONS`] that stand around the missing king.
    ArchUnion,
    /// 방합(方合): two of a [`QUARTERS`].
    Quarter,
    /// The same branch (같은 지지 地支), unless it punishes itself.
    Same,
    /// 충(沖): [`CLASHES`].
    Clash,
    /// 형(刑): [`PUNISHMENTS`].
    Punishment,
    /// 자형(自刑): the same branch, one of [`SELF_PUNISHMENTS`].
    SelfPunishment,
    /// 해(害): [`HARMS`].
    Harm,
    /// 파(破): [`BREAKS`].
    Break,
    /// 원진(怨嗔): [`RESENTMENTS`].
    Resentment,
}

impl Relation {
    /// Every relation, the kind ones first.
    pub const ALL: [Self; 11] = [
        Self::SixUnion,
        Self::HalfUnion,
        Self::ArchUnion,
        Self::Quarter,
        Self::Same,
        Self::Clash,
        Self::Punishment,
        Self::SelfPunishment,
        Self::Harm,
        Self::Break,
        Self::Resentment,
    ];

    /// Whether two branches stand so; it does not matter which comes first.
    pub const fn holds(self, a: B, b: B) -> bool {
        match self {
            Self::SixUnion => listed(&SIX_UNIONS, a, b),
            Self::HalfUnion => grouped(&THREE_UNIONS, a, b) && (is_king(a) || is_king(b)),
            Self::ArchUnion => grouped(&THREE_UNIONS, a, b) && !is_king(a) && !is_king(b),
            Self::Quarter => grouped(&QUARTERS, a, b),
            Self::Same => same(a, b) && !punishes_itself(a),
            Self::Clash => listed(&CLASHES, a, b),
            Self::Punishment => listed(&PUNISHMENTS, a, b),
            Self::SelfPunishment => same(a, b) && punishes_itself(a),
            Self::Harm => listed(&HARMS, a, b),
            Self::Break => listed(&BREAKS, a, b),
            Self::Resentment => listed(&RESENTMENTS, a, b),
        }
    }

    /// Its name, Korean with hanja.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SixUnion => "육합(六合)",
            Self::HalfUnion => "반합(半合)",
            Self::ArchUnion => "공합(拱合)",
            Self::Quarter => "방합(方合)",
            Self::Same => "같은 지지(地支)",
            Self::Clash => "충(沖)",
            Self::Punishment => "형(刑)",
            Self::SelfPunishment => "자형(自刑)",
            Self::Harm => "해(害)",
            Self::Break => "파(破)",
            Self::Resentment => "원진(怨嗔)",
        }
    }
}

/// The element that two stems become when they unite (천간합 天干合).
pub const fn stem_union(a: Stem, b: Stem) -> Option<Element> {
    let mut at = 0;
    while at < STEM_UNIONS.len() {
        let (one, other, element) = STEM_UNIONS[at];
        if are_stems((one, other), a, b) {
            return Some(element);
        }
        at += 1;
    }
    None
}

/// Whether two stems clash (천간충 天干沖).
pub const fn stems_clash(a: Stem, b: Stem) -> bool {
    let mut at = 0;
    while at < STEM_CLASHES.len() {
        if are_stems(STEM_CLASHES[at], a, b) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether the two are the pair, either way round.
const fn are_stems((one, other): (Stem, Stem), a: Stem, b: Stem) -> bool {
    (one.index() == a.index() && other.index() == b.index())
        || (one.index() == b.index() && other.index() == a.index())
}

/// The season of a month's branch: 0 spring, 1 summer, 2 autumn, 3 winter, as in [`QUARTERS`].
pub const fn season(branch: B) -> usize {
    (branch.index() + 10) % 12 / 3
}

const fn same(a: B, b: B) -> bool {
    a.index() == b.index()
}

/// 왕지(旺支) 자 오 묘 유.
const fn is_king(branch: B) -> bool {
    branch.index().is_multiple_of(3)
}

const fn punishes_itself(branch: B) -> bool {
    let mut at = 0;
    while at < SELF_PUNISHMENTS.len() {
        if same(SELF_PUNISHMENTS[at], branch) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether the two are a pair of the listing, either way round.
const fn listed(pairs: &[(B, B)], a: B, b: B) -> bool {
    let mut at = 0;
    while at < pairs.len() {
        let (one, other) = pairs[at];
        if (same(one, a) && same(other, b)) || (same(one, b) && same(other, a)) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether the two are different members of one group of the listing.
const fn grouped(groups: &[[B; 3]], a: B, b: B) -> bool {
    let mut at = 0;
    while at < groups.len() {
        let [one, two, three] = groups[at];
        let has_a = same(one, a) || same(two, a) || same(three, a);
        let has_b = same(one, b) || same(two, b) || same(three, b);
        if has_a && has_b {
            return !same(a, b);
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The pairs, in hanja, that stand so; each pair once.
    fn pairs(relation: Relation) -> BTreeSet<String> {
        let ordered = B::all().flat_map(|a| B::all().map(move |b| (a, b)));
        let (holding, _): (Vec<_>, Vec<_>) = ordered.partition(|(a, b)| relation.holds(*a, *b));
        for (a, b) in &holding {
            assert!(relation.holds(*b, *a), "{relation:?} {a} {b}");
        }
        let once = holding.into_iter().filter(|(a, b)| a <= b);
        once.map(|(a, b)| format!("{}{}", a.hanja(), b.hanja()))
            .collect()
    }

    /// Against the listings, written once more in hanja, branches in the order of the twelve.
    #[test]
    fn every_relation_holds_for_its_listing_and_for_nothing_else() {
        for (relation, listing) in [
            (Relation::SixUnion, "子丑 寅亥 卯戌 辰酉 巳申 午未"),
            (
                Relation::HalfUnion,
                "子申 子辰 卯亥 卯未 寅午 午戌 巳酉 丑酉",
            ),
            (Relation::ArchUnion, "辰申 未亥 寅戌 丑巳"),
            (
                Relation::Quarter,
                "寅卯 卯辰 寅辰 巳午 午未 巳未 申酉 酉戌 申戌 子亥 子丑 丑亥",
            ),
            (Relation::Same, "子子 丑丑 寅寅 卯卯 巳巳 未未 申申 戌戌"),
            (Relation::Clash, "子午 丑未 寅申 卯酉 辰戌 巳亥"),
            (Relation::Punishment, "寅巳 巳申 寅申 丑戌 未戌 丑未 子卯"),
            (Relation::SelfPunishment, "辰辰 午午 酉酉 亥亥"),
            (Relation::Harm, "子未 丑午 寅巳 卯辰 申亥 酉戌"),
            (Relation::Break, "子酉 丑辰 寅亥 卯午 巳申 未戌"),
            (Relation::Resentment, "子未 丑午 寅酉 卯申 辰亥 巳戌"),
        ] {
            let listing = listing.split(' ').map(str::to_owned).collect();
            assert_eq!(pairs(relation), listing, "{relation:?}");
        }
    }

    #[test]
    fn the_listings_follow_the_clock_of_the_branches() {
        for a in B::all() {
            for b in B::all() {
                let (sum, apart) = ((a.index() + b.index()) % 12, a.index().abs_diff(b.index()));
                assert_eq!(Relation::SixUnion.holds(a, b), sum == 1, "{a} {b}");
                assert_eq!(Relation::Harm.holds(a, b), sum == 7, "{a} {b}");
                assert_eq!(Relation::Clash.holds(a, b), apart == 6, "{a} {b}");
                let three = Relation::HalfUnion.holds(a, b) || Relation::ArchUnion.holds(a, b);
                assert_eq!(three, apart == 4 || apart == 8, "{a} {b}");
                let quarter = season(a) == season(b) && a != b;
                assert_eq!(Relation::Quarter.holds(a, b), quarter, "{a} {b}");
            }
        }
    }

    #[test]
    fn stems_unite_with_the_sixth_and_clash_with_the_seventh() {
        for a in Stem::all() {
            for b in Stem::all() {
                let apart = a.index().abs_diff(b.index());
                assert_eq!(stem_union(a, b).is_some(), apart == 5, "{a} {b}");
                assert_eq!(stem_union(a, b), stem_union(b, a));
                // Earth, in the middle, clashes with nobody.
                let earth = a.element() == Element::Earth || b.element() == Element::Earth;
                assert_eq!(stems_clash(a, b), apart == 6 && !earth, "{a} {b}");
                assert_eq!(stems_clash(a, b), stems_clash(b, a));
            }
        }
        let became: String = STEM_UNIONS
            .iter()
            .map(|(.., element)| element.hanja())
            .collect();
        assert_eq!(became, "土金水木火");
    }

    #[test]
    fn seasons_are_the_quarters() {
        for (season_number, quarter) in QUARTERS.iter().enumerate() {
            assert!(
                quarter
                    .iter()
                    .all(|branch| season(*branch) == season_number)
            );
        }
    }
}
