//! The sexagenary cycle (육십갑자 六十甲子): ten stems, twelve branches, their elements and
//! polarity.

use std::fmt;

/// One of the five elements (오행 五行), in the order in which each begets the next (상생 相生).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// 목(木)
    Wood,
    /// 화(火)
    Fire,
    /// 토(土)
    Earth,
    /// 금(金)
    Metal,
    /// 수(水)
    Water,
}

impl Element {
    /// All five, in the order of begetting.
    pub const ALL: [Self; 5] = [
        Self::Wood,
        Self::Fire,
        Self::Earth,
        Self::Metal,
        Self::Water,
    ];

    /// A stable key.
    pub const fn key(self) -> &'static str {
        ["wood", "fire", "earth", "metal", "water"][self as usize]
    }

    /// 목, 화, 토, 금, 수.
    pub const fn korean(self) -> char {
        ['목', '화', '토', '금', '수'][self as usize]
    }

    /// 木, 火, 土, 金, 水.
    pub const fn hanja(self) -> char {
        ['木', '火', '土', '金', '水'][self as usize]
    }

    /// How many steps of begetting lead from this element to `other`: 0 the same (비화 比和),
    /// 1 begets it, 2 controls it, 3 is controlled by it, 4 is begotten by it.
    pub const fn steps_to(self, other: Self) -> u8 {
        (other as u8 + 5 - self as u8) % 5
    }

    /// Begetting (상생 相生): wood feeds fire, fire makes earth, earth bears metal, metal gathers
    /// water, water feeds wood.
    pub const fn begets(self, other: Self) -> bool {
        self.steps_to(other) == 1
    }

    /// Control (상극 相剋): wood parts earth, fire melts metal, earth dams water, metal cuts wood,
    /// water quenches fire.
    pub const fn controls(self, other: Self) -> bool {
        self.steps_to(other) == 2
    }
}

/// `목(木)`.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.korean(), self.hanja())
    }
}

/// A heavenly stem (천간 天干), 0 갑(甲) to 9 계(癸).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stem(u8);

#[rustfmt::skip]
#[allow(missing_docs, reason = "the names themselves, romanised")]
impl Stem {
    pub const GAP: Self = Self(0);
    pub const EUL: Self = Self(1);
    pub const BYEONG: Self = Self(2);
    pub const JEONG: Self = Self(3);
    pub const MU: Self = Self(4);
    pub const GI: Self = Self(5);
    pub const GYEONG: Self = Self(6);
    pub const SIN: Self = Self(7);
    pub const IM: Self = Self(8);
    pub const GYE: Self = Self(9);
}

impl Stem {
    /// The stem `index` places after 갑(甲), around the ten.
    pub const fn from_index(index: u32) -> Self {
        Self((index % 10) as u8)
    }

    /// 0 갑(甲) to 9 계(癸).
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All ten, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..10).map(Self)
    }

    /// A stable key: the name in the Revised Romanisation.
    #[rustfmt::skip]
    pub const fn key(self) -> &'static str {
        ["gap", "eul", "byeong", "jeong", "mu", "gi", "gyeong", "sin", "im", "gye"][self.index()]
    }

    /// 갑, 을, 병, 정, 무, 기, 경, 신, 임, 계.
    pub const fn korean(self) -> char {
        ['갑', '을', '병', '정', '무', '기', '경', '신', '임', '계'][self.index()]
    }

    /// 甲, 乙, 丙, 丁, 戊, 己, 庚, 辛, 壬, 癸.
    pub const fn hanja(self) -> char {
        ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸'][self.index()]
    }

    /// 갑을 wood, 병정 fire, 무기 earth, 경신 metal, 임계 water.
    pub const fn element(self) -> Element {
        Element::ALL[self.index() / 2]
    }

    /// Yang (양 陽) or yin (음 陰): they alternate, 갑(甲) is yang.
    pub const fn is_yang(self) -> bool {
        self.0.is_multiple_of(2)
    }
}

/// `갑(甲)`.
impl fmt::Display for Stem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.korean(), self.hanja())
    }
}

/// An earthly branch (지지 地支), 0 자(子) to 11 해(亥).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(u8);

#[rustfmt::skip]
#[allow(missing_docs, reason = "the names themselves, romanised")]
impl Branch {
    pub const JA: Self = Self(0);
    pub const CHUK: Self = Self(1);
    pub const IN: Self = Self(2);
    pub const MYO: Self = Self(3);
    pub const JIN: Self = Self(4);
    pub const SA: Self = Self(5);
    pub const O: Self = Self(6);
    pub const MI: Self = Self(7);
    pub const SIN: Self = Self(8);
    pub const YU: Self = Self(9);
    pub const SUL: Self = Self(10);
    pub const HAE: Self = Self(11);
}

impl Branch {
    /// The branch `index` places after 자(子), around the twelve.
    pub const fn from_index(index: u32) -> Self {
        Self((index % 12) as u8)
    }

    /// 0 자(子) to 11 해(亥).
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All twelve, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..12).map(Self)
    }

    /// A stable key: the name in the Revised Romanisation.
    #[rustfmt::skip]
    pub const fn key(self) -> &'static str {
        ["ja", "chuk", "in", "myo", "jin", "sa", "o", "mi", "sin", "yu", "sul", "hae"][self.index()]
    }

    /// 자, 축, 인, 묘, 진, 사, 오, 미, 신, 유, 술, 해.
    #[rustfmt::skip]
    pub const fn korean(self) -> char {
        ['자', '축', '인', '묘', '진', '사', '오', '미', '신', '유', '술', '해'][self.index()]
    }

    /// 子, 丑, 寅, 卯, 辰, 巳, 午, 未, 申, 酉, 戌, 亥.
    #[rustfmt::skip]
    pub const fn hanja(self) -> char {
        ['子', '丑', '寅', '卯', '辰', '巳', '午', '未', '申', '酉', '戌', '亥'][self.index()]
    }

    /// The hidden stems (지장간 支藏干) as Korean practice has them, after the rule of the months
    /// (월률분야 月律分野): what is left of the month before (여기 餘氣), in most branches the middle
    /// (중기 中氣), and the core (본기 本氣), the chief of them.
    #[rustfmt::skip]
    pub const fn hidden_stems(self) -> (Stem, Option<Stem>, Stem) {
        [
            (Stem::IM,     None,              Stem::GYE),    // 자(子)
            (Stem::GYE,    Some(Stem::SIN),   Stem::GI),     // 축(丑)
            (Stem::MU,     Some(Stem::BYEONG), Stem::GAP),   // 인(寅)
            (Stem::GAP,    None,              Stem::EUL),    // 묘(卯)
            (Stem::EUL,    Some(Stem::GYE),   Stem::MU),     // 진(辰)
            (Stem::MU,     Some(Stem::GYEONG), Stem::BYEONG), // 사(巳)
            (Stem::BYEONG, Some(Stem::GI),    Stem::JEONG),  // 오(午)
            (Stem::JEONG,  Some(Stem::EUL),   Stem::GI),     // 미(未)
            (Stem::MU,     Some(Stem::IM),    Stem::GYEONG), // 신(申)
            (Stem::GYEONG, None,              Stem::SIN),    // 유(酉)
            (Stem::SIN,    Some(Stem::JEONG), Stem::MU),     // 술(戌)
            (Stem::MU,     Some(Stem::GAP),   Stem::IM),     // 해(亥)
        ][self.index()]
    }

    /// The stem at the branch's core (본기 本氣).
    pub const fn main_stem(self) -> Stem {
        self.hidden_stems().2
    }

    /// The element of the branch's core: 인묘 wood, 사오 fire, 신유 metal, 해자 water, 진술축미 earth.
    pub const fn element(self) -> Element {
        self.main_stem().element()
    }

    /// Yang (양 陽) or yin (음 陰) by place: they alternate, 자(子) is yang.
    pub const fn is_yang(self) -> bool {
        self.0.is_multiple_of(2)
    }
}

/// `자(子)`.
impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.korean(), self.hanja())
    }
}

/// A pillar (주 柱): one of the sixty pairs of stem and branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pillar {
    /// The stem (천간 天干).
    pub stem: Stem,
    /// The branch (지지 地支), of the stem's polarity.
    pub branch: Branch,
}

impl Pillar {
    /// The pillar `index` places after 갑자(甲子), around the sixty.
    pub const fn from_index(index: u32) -> Self {
        Self {
            stem: Stem::from_index(index),
            branch: Branch::from_index(index),
        }
    }

    /// 0 갑자(甲子) to 59 계해(癸亥).
    pub const fn index(self) -> usize {
        // The one number below 60 that leaves the stem modulo 10 and the branch modulo 12.
        (6 * self.stem.index() + 55 * self.branch.index()) % 60
    }
}

/// `갑자(甲子)`.
impl fmt::Display for Pillar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stem, branch } = self;
        let (korean, hanja) = (stem.korean(), stem.hanja());
        write!(f, "{korean}{}({hanja}{})", branch.korean(), branch.hanja())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixty_pillars_run_round() {
        for index in 0..60 {
            let pillar = Pillar::from_index(index);
            assert_eq!(pillar.index(), index as usize);
            assert_eq!(pillar, Pillar::from_index(index + 60));
            assert_eq!(pillar.stem.is_yang(), pillar.branch.is_yang());
        }
        assert_eq!(Pillar::from_index(0).to_string(), "갑자(甲子)");
        assert_eq!(Pillar::from_index(54).to_string(), "무오(戊午)");
        assert_eq!(Pillar::from_index(59).to_string(), "계해(癸亥)");
    }

    #[test]
    fn elements_and_hidden_stems_are_as_taught() {
        let stems: String = Stem::all().map(|stem| stem.element().hanja()).collect();
        assert_eq!(stems, "木木火火土土金金水水");
        let branches: String = Branch::all().map(|it| it.element().hanja()).collect();
        assert_eq!(branches, "水土木木土火火土金金土水");
        let hidden: String = Branch::all().map(|it| it.main_stem().hanja()).collect();
        assert_eq!(hidden, "癸己甲乙戊丙丁己庚辛戊壬");
    }

    /// As Korean primers print the table, 여기, 중기 and 본기 in a row, 자(子) to 해(亥).
    #[test]
    fn hidden_stems_are_as_in_print() {
        let rows = Branch::all().map(|branch| {
            let (rest, middle, core) = branch.hidden_stems();
            let stems = [Some(rest), middle, Some(core)].into_iter().flatten();
            stems.map(Stem::hanja).collect::<String>()
        });
        assert_eq!(
            rows.collect::<Vec<_>>().join(" "),
            "壬癸 癸辛己 戊丙甲 甲乙 乙癸戊 戊庚丙 丙己丁 丁乙己 戊壬庚 庚辛 辛丁戊 戊甲壬"
        );
    }

    /// The Chinese table, in a library, has the same cores, and of the others those that ours has
    /// too: what is left of the month before is Korea's addition.
    #[test]
    fn hidden_stems_have_all_that_the_chinese_table_has() {
        use tyme4rs::tyme::sixtycycle::EarthBranch;
        for branch in Branch::all() {
            let theirs = EarthBranch::from_index(branch.index() as isize);
            let (rest, middle, core) = branch.hidden_stems();
            let stem = |stem: tyme4rs::tyme::sixtycycle::HeavenStem| {
                Stem::from_index(stem.get_index() as u32)
            };
            assert_eq!(stem(theirs.get_hide_heaven_stem_main()), core, "{branch}");
            let others = [
                theirs.get_hide_heaven_stem_middle(),
                theirs.get_hide_heaven_stem_residual(),
            ];
            for other in others.into_iter().flatten().map(stem) {
                assert!(rest == other || middle == Some(other), "{branch} {other}");
            }
        }
    }

    #[test]
    fn keys_are_their_own() {
        use std::collections::BTreeSet;
        let stems: BTreeSet<_> = Stem::all().map(Stem::key).collect();
        let branches: BTreeSet<_> = Branch::all().map(Branch::key).collect();
        let elements: BTreeSet<_> = Element::ALL.map(Element::key).into();
        assert_eq!((stems.len(), branches.len(), elements.len()), (10, 12, 5));
    }

    #[test]
    fn begetting_and_control_are_two_rings_over_the_five() {
        use Element::{Earth, Fire, Metal, Water, Wood};
        let begetting = [
            (Wood, Fire),
            (Fire, Earth),
            (Earth, Metal),
            (Metal, Water),
            (Water, Wood),
        ];
        let control = [
            (Wood, Earth),
            (Earth, Water),
            (Water, Fire),
            (Fire, Metal),
            (Metal, Wood),
        ];
        for a in Element::ALL {
            for b in Element::ALL {
                assert_eq!(a.begets(b), begetting.contains(&(a, b)), "{a} {b}");
                assert_eq!(a.controls(b), control.contains(&(a, b)), "{a} {b}");
            }
        }
    }
}
