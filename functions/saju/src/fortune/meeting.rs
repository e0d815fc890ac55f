//! How a day's branch meets the branch of one's own day pillar (일지 日支), and what that says of the
//! day: twelve ways, of which each two branches have one.
//!
//! Where several relations hold the first of these is it: 충, 육합, 삼합, 형, 해, 원진, 파, 방합; the
//! same branch is 비화, unless it punishes itself (자형), which is a 형. Where none holds, the
//! branches' elements say how they stand.

use crate::{pillars::Branch, score::relations::Relation};

/// How the day's branch meets one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meeting {
    /// 육합(六合)
    SixUnion,
    /// 삼합(三合), whether 반합(半合) or 공합(拱合).
    ThreeUnion,
    /// 방합(方合)
    Quarter,
    /// 비화(比和): the same branch or element.
    SameElement,
    /// 상생(相生): one's element begets the other's.
    Begetting,
    /// 아극(我剋): one's own element controls the day's.
    Controlling,
    /// 극아(剋我): the day's element controls one's own.
    Controlled,
    /// 충(沖)
    Clash,
    /// 형(刑), 자형(自刑) among them.
    Punishment,
    /// 해(害)
    Harm,
    /// 파(破)
    Break,
    /// 원진(怨嗔)
    Resentment,
}

/// What each relation of branches is here; the first that holds counts.
const RELATIONS: [(Relation, Meeting); 11] = [
    (Relation::Clash, Meeting::Clash),
    (Relation::SixUnion, Meeting::SixUnion),
    (Relation::HalfUnion, Meeting::ThreeUnion),
    (Relation::ArchUnion, Meeting::ThreeUnion),
    (Relation::Punishment, Meeting::Punishment),
    (Relation::SelfPunishment, Meeting::Punishment),
    (Relation::Harm, Meeting::Harm),
    (Relation::Resentment, Meeting::Resentment),
    (Relation::Break, Meeting::Break),
    (Relation::Quarter, Meeting::Quarter),
    (Relation::Same, Meeting::SameElement),
];

impl Meeting {
    /// All twelve.
    pub const ALL: [Self; 12] = [
        Self::SixUnion,
        Self::ThreeUnion,
        Self::Quarter,
        Self::SameElement,
        Self::Begetting,
        Self::Controlling,
        Self::Controlled,
        Self::Clash,
        Self::Punishment,
        Self::Harm,
        Self::Break,
        Self::Resentment,
    ];

    /// How `day` meets `mine`.
    pub fn of(mine: Branch, day: Branch) -> Self {
        let held = RELATIONS.iter().find(|(it, _)| it.holds(mine, day));
        match (held, mine.element().steps_to(day.element())) {
            (Some((_, meeting)), _) => *meeting,
            (None, 0) => Self::SameElement,
            (None, 2) => Self::Controlling,
            (None, 3) => Self::Controlled,
            (None, _) => Self::Begetting,
        }
    }

    /// A stable key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SixUnion => "six_union",
            Self::ThreeUnion => "three_union",
            Self::Quarter => "quarter",
            Self::SameElement => "same_element",
            Self::Begetting => "begetting",
            Self::Controlling => "controlling",
            Self::Controlled => "controlled",
            Self::Clash => "clash",
            Self::Punishment => "punishment",
            Self::Harm => "harm",
            Self::Break => "break",
            Self::Resentment => "resentment",
        }
    }

    /// The name, Korean with hanja.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SixUnion => "육합(六合)",
            Self::ThreeUnion => "삼합(三合)",
            Self::Quarter => "방합(方合)",
            Self::SameElement => "비화(比和)",
            Self::Begetting => "상생(相生)",
            Self::Controlling => "아극(我剋)",
            Self::Controlled => "극아(剋我)",
            Self::Clash => "충(沖)",
            Self::Punishment => "형(刑)",
            Self::Harm => "해(害)",
            Self::Break => "파(破)",
            Self::Resentment => "원진(怨嗔)",
        }
    }

    /// What it adds to the text of the day's ten god, after which it is read.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SixUnion => {
                "오늘의 지지(地支)는 내 일지(日支)와 육합(六合)으로 손을 맞잡습니다. 마음을 먼저 열면 \
                 상대도 한 걸음 다가오니, 미뤄 둔 연락을 건네기에 좋습니다."
            }
            Self::ThreeUnion => {
                "오늘의 지지(地支)는 내 일지(日支)와 삼합(三合)으로 뜻을 모읍니다. 마음 맞는 사람과 \
                 함께하면 일도 대화도 한결 수월하게 풀립니다."
            }
            Self::Quarter => {
                "오늘의 지지(地支)는 내 일지(日支)와 방합(方合)으로 한 계절을 이룹니다. 오래 알고 지낸 \
                 사람들 사이에서 반가운 소식이나 뜻밖의 소개를 기대해 볼 만합니다."
            }
            Self::SameElement => {
                "오늘의 지지(地支)는 내 일지(日支)와 오행이 같은 비화(比和)입니다. 평소의 내 모습이 \
                 그대로 통하는 흐름이니, 억지로 꾸미지 않아도 진심이 전해집니다."
            }
            Self::Begetting => {
                "오늘의 지지(地支)는 내 일지(日支)와 상생(相生)으로 서로를 북돋웁니다. 주고받는 말과 \
                 마음이 막힘없이 흐르니, 작은 친절 하나가 오래 기억됩니다."
            }
            Self::Controlling => {
                "내 일지(日支)가 오늘의 지지(地支)를 다스리는 아극(我剋)의 흐름입니다. 이끄는 힘이 \
                 나에게 있으니 먼저 제안해 보되, 상대가 고를 몫도 남겨 두세요."
            }
            Self::Controlled => {
                "오늘의 지지(地支)가 내 일지(日支)를 누르는 극아(剋我)의 흐름입니다. 서두르면 쉽게 \
                 지치니 할 일을 조금 덜어 내고, 쉬어 가자는 말을 먼저 꺼내도 괜찮습니다."
            }
            Self::Clash => {
                "오늘의 지지(地支)는 내 일지(日支)와 충(沖)으로 마주 섭니다. 계획이 갑자기 바뀔 수 \
                 있으니 시간에 여유를 두고, 마음에 걸리는 말은 하룻밤 묵혔다가 전하세요."
            }
            Self::Punishment => {
                "오늘의 지지(地支)는 내 일지(日支)와 형(刑)으로 얽힙니다. 무심코 한 말도 날카롭게 들릴 \
                 수 있으니, 옳고 그름을 따지기보다 먼저 이유를 물어보세요."
            }
            Self::Harm => {
                "오늘의 지지(地支)는 내 일지(日支)와 해(害)로 어긋납니다. 서로 다른 것을 기대하기 쉬우니, \
                 짐작으로 넘기지 말고 바라는 바를 또렷이 말해 보세요."
            }
            Self::Break => {
                "오늘의 지지(地支)는 내 일지(日支)와 파(破)가 되어 작은 틈을 냅니다. 다 된 일일수록 \
                 마무리를 한 번 더 살피고, 만날 시간과 장소도 다시 확인해 두세요."
            }
            Self::Resentment => {
                "오늘의 지지(地支)는 내 일지(日支)와 원진(怨嗔)이라 까닭 없이 서운한 마음이 스칠 수 \
                 있습니다. 오래가지 않을 기분이니, 한 걸음 물러나 가볍게 웃어넘겨 보세요."
            }
        }
    }
}
