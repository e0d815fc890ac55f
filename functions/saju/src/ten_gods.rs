//! The ten gods (십성 十星): what another stem is to a day's stem, and what that says of a day.
//!
//! Two things decide: how the other stem's element stands to mine, and whether both have the same
//! polarity.
//!
//! | the other's element | same polarity | different polarity |
//! |---|---|---|
//! | is mine (비화 比和) | 비견(比肩) | 겁재(劫財) |
//! | mine begets it (아생 我生) | 식신(食神) | 상관(傷官) |
//! | mine controls it (아극 我剋) | 편재(偏財) | 정재(正財) |
//! | controls mine (극아 剋我) | 편관(偏官) | 정관(正官) |
//! | begets mine (생아 生我) | 편인(偏印) | 정인(正印) |

use std::fmt;

use crate::{pillars::Stem, term::Term};

/// What another stem is to the day's stem (십성 十星).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TenGod {
    /// 비견(比肩): shoulder to shoulder.
    Bigyeon,
    /// 겁재(劫財): the rival for wealth.
    Geopjae,
    /// 식신(食神): the god of food.
    Siksin,
    /// 상관(傷官): what hurts the officer; wit.
    Sanggwan,
    /// 편재(偏財): wealth that comes and goes.
    Pyeonjae,
    /// 정재(正財): steady wealth.
    Jeongjae,
    /// 편관(偏官): the harsh officer, also 칠살(七殺).
    Pyeongwan,
    /// 정관(正官): the upright officer.
    Jeonggwan,
    /// 편인(偏印): the odd seal; intuition.
    Pyeonin,
    /// 정인(正印): the upright seal; care and learning.
    Jeongin,
}

/// What `other` is to the day stem `day`.
pub const fn ten_god(day: Stem, other: Stem) -> TenGod {
    let polarity = (day.is_yang() != other.is_yang()) as usize;
    TenGod::ALL[2 * day.element().steps_to(other.element()) as usize + polarity]
}

impl TenGod {
    /// All ten, in the table's order.
    pub const ALL: [Self; 10] = [
        Self::Bigyeon,
        Self::Geopjae,
        Self::Siksin,
        Self::Sanggwan,
        Self::Pyeonjae,
        Self::Jeongjae,
        Self::Pyeongwan,
        Self::Jeonggwan,
        Self::Pyeonin,
        Self::Jeongin,
    ];

    /// A stable key: the name in the Revised Romanisation.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Bigyeon => "bigyeon",
            Self::Geopjae => "geopjae",
            Self::Siksin => "siksin",
            Self::Sanggwan => "sanggwan",
            Self::Pyeonjae => "pyeonjae",
            Self::Jeongjae => "jeongjae",
            Self::Pyeongwan => "pyeongwan",
            Self::Jeonggwan => "jeonggwan",
            Self::Pyeonin => "pyeonin",
            Self::Jeongin => "jeongin",
        }
    }

    /// The name, Korean with hanja.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bigyeon => "비견(比肩)",
            Self::Geopjae => "겁재(劫財)",
            Self::Siksin => "식신(食神)",
            Self::Sanggwan => "상관(傷官)",
            Self::Pyeonjae => "편재(偏財)",
            Self::Jeongjae => "정재(正財)",
            Self::Pyeongwan => "편관(偏官)",
            Self::Jeonggwan => "정관(正官)",
            Self::Pyeonin => "편인(偏印)",
            Self::Jeongin => "정인(正印)",
        }
    }

    /// As the API shows it.
    pub fn term(self) -> Term {
        Term::new(self.key(), self.name())
    }

    /// Wealth (재성 財星): what the day's stem controls; a man's spouse star.
    pub const fn is_wealth(self) -> bool {
        matches!(self, Self::Pyeonjae | Self::Jeongjae)
    }

    /// Officer (관성 官星): what controls the day's stem; a woman's spouse star.
    pub const fn is_officer(self) -> bool {
        matches!(self, Self::Pyeongwan | Self::Jeonggwan)
    }

    /// Of different polarity, "upright" (정 正) where the other is "odd" (편 偏).
    pub const fn is_of_other_polarity(self) -> bool {
        !(self as usize).is_multiple_of(2)
    }

    /// The fortune of a day whose stem is this to one's own day stem.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Bigyeon => {
                "오늘은 나와 닮은 기운이 곁에 서는 날입니다. 혼자 애쓰던 일에도 나란히 걸어 줄 사람이 \
                 나타나니, 오랜 친구처럼 편안하게 말을 건네 보세요. 내 걸음을 지키면서 상대의 \
                 걸음에도 귀를 기울이면 하루가 든든합니다."
            }
            Self::Geopjae => {
                "오늘은 승부욕과 열정이 함께 솟는 날입니다. 비교하는 마음을 잠시 내려놓고 먼저 \
                 나누면 뜻밖의 호감이 돌아옵니다. 큰 지출이나 성급한 약속은 하루만 미뤄 두세요."
            }
            Self::Siksin => {
                "오늘은 마음에 여유가 고이고 말에 온기가 도는 날입니다. 맛있는 한 끼나 소소한 \
                 취미를 나누면 대화가 저절로 이어집니다. 꾸미지 않은 웃음이 가장 좋은 인사가 됩니다."
            }
            Self::Sanggwan => {
                "오늘은 재치와 표현력이 반짝이는 날입니다. 하고 싶던 말을 나만의 방식으로 꺼내되, \
                 한 박자 쉬고 부드럽게 전하면 매력이 더해집니다. 농담 끝에는 다정한 한마디를 남겨 \
                 주세요."
            }
            Self::Pyeonjae => {
                "오늘은 뜻밖의 만남과 기회가 바람처럼 찾아오는 날입니다. 익숙한 길을 조금 벗어나면 \
                 새로운 인연이 눈에 들어옵니다. 넓게 둘러보되 마음을 줄 곳은 천천히 정해도 늦지 \
                 않습니다."
            }
            Self::Jeongjae => {
                "오늘은 성실함이 빛나는 날입니다. 작은 약속을 지키고 꾸준히 안부를 전하는 모습에서 \
                 상대는 믿음을 느낍니다. 서두르지 않아도 정성을 들인 만큼 차곡차곡 쌓여 갑니다."
            }
            Self::Pyeongwan => {
                "오늘은 조금 긴장되지만 그만큼 단단해지는 날입니다. 부담스러운 일이 오더라도 하나씩 \
                 차분히 풀어 가면 듬직한 모습이 드러납니다. 하루를 마칠 때는 스스로를 다독이는 \
                 시간을 꼭 가져 보세요."
            }
            Self::Jeonggwan => {
                "오늘은 반듯한 태도가 좋은 인상을 남기는 날입니다. 예의를 갖춘 첫인사와 분명한 \
                 약속이 관계를 한 걸음 나아가게 합니다. 책임감 있는 모습 속에 다정함도 살짝 내비쳐 \
                 보세요."
            }
            Self::Pyeonin => {
                "오늘은 직감이 맑아지고 생각이 깊어지는 날입니다. 혼자만의 시간에 마음을 정리하면 \
                 그동안 보이지 않던 답이 떠오릅니다. 그 생각을 가까운 이에게 조심스레 나눠 보세요."
            }
            Self::Jeongin => {
                "오늘은 누군가의 따뜻한 보살핌이 힘이 되는 날입니다. 도움을 받으면 고맙다고 솔직하게 \
                 말하고, 상대의 이야기도 끝까지 들어 주세요. 배움과 쉼 속에서 마음이 포근하게 \
                 채워집니다."
            }
        }
    }
}

/// `비견(比肩)`.
impl fmt::Display for TenGod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_hundred_pairs_follow_the_rule() {
        for day in Stem::all() {
            let mut seen = BTreeSet::new();
            for other in Stem::all() {
                let (mine, theirs) = (day.element(), other.element());
                let names = if mine == theirs {
                    ["비견(比肩)", "겁재(劫財)"]
                } else if mine.begets(theirs) {
                    ["식신(食神)", "상관(傷官)"]
                } else if mine.controls(theirs) {
                    ["편재(偏財)", "정재(正財)"]
                } else if theirs.controls(mine) {
                    ["편관(偏官)", "정관(正官)"]
                } else {
                    assert!(theirs.begets(mine));
                    ["편인(偏印)", "정인(正印)"]
                };
                let name = names[usize::from(day.is_yang() != other.is_yang())];
                assert_eq!(ten_god(day, other).to_string(), name, "{day} {other}");
                seen.insert(ten_god(day, other));
            }
            assert_eq!(seen.len(), 10, "{day}");
        }
    }

    /// The rows of 갑(甲) and 계(癸) as every primer prints them, 갑(甲) to 계(癸) across.
    #[test]
    fn two_rows_as_in_print() {
        let row = |day| {
            Stem::all()
                .map(|other| ten_god(day, other).key())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            row(Stem::GAP).join(" "),
            "bigyeon geopjae siksin sanggwan pyeonjae jeongjae pyeongwan jeonggwan pyeonin jeongin"
        );
        assert_eq!(
            row(Stem::GYE).join(" "),
            "sanggwan siksin jeongjae pyeonjae jeonggwan pyeongwan jeongin pyeonin geopjae bigyeon"
        );
    }

    #[test]
    fn each_has_its_own_key_name_and_text() {
        let distinct = |of: fn(TenGod) -> &'static str| {
            TenGod::ALL
                .into_iter()
                .map(of)
                .collect::<BTreeSet<_>>()
                .len()
        };
        assert_eq!(distinct(TenGod::key), 10);
        assert_eq!(distinct(TenGod::name), 10);
        assert_eq!(distinct(TenGod::text), 10);
        for god in TenGod::ALL {
            let sentences = god.text().matches(['.', '!', '?']).count();
            assert!((2..=3).contains(&sentences), "{god}");
            assert!(!god.text().contains("  "), "{god}");
            let odd_or_upright = god.name().starts_with('정') == god.is_of_other_polarity();
            assert!(
                odd_or_upright || !god.name().starts_with(['정', '편']),
                "{god}"
            );
        }
    }
}
