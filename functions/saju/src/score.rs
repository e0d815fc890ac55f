//! How well two people go together (궁합 宮合): 0 to 100, in six parts that each give their reason.
//!
//! | part | of | rule |
//! |---|---|---|
//! | 일간(日干) | 20 | 천간합(天干合) 20, 상생(相生) 16, 비화(比和) 13, 상극(相剋) 8 of different and 6 of the same polarity (음양 陰陽), 천간충(天干沖) 4 |
//! | 일지(日支) | 20 | the branches' favour: 육합(六合) 9, 삼합(三合) 7 as 반합(半合) or 4 as 공합(拱合), 방합(方合) 4, the same branch 2; 충(沖) −8, 형(刑) −5, 자형(自刑) −3, 해(害) −4, 파(破) −3, 원진(怨嗔) −5; 상생 2, 비화 1, 상극 −2. All that hold are added, cut at ±10, and −10…10 becomes 0…20 |
//! | 연지(年支) | 15 | the same favour, −10…10 becoming 0…15 |
//! | 월지(月支)와 계절 | 10 | the same favour, 0…5, and the seasons (조후 調候): 여름·겨울 5, 봄·가을 4, neighbours 3, the same 2 (봄, 가을) or 1 (여름, 겨울) |
//! | 오행(五行) | 25 | 5 for each element: one lacks it and the other has two or three 5, or another number 3; both have it, together two or three 3, four 2, five 1, more 0; neither has it 0 |
//! | 배우자성(配偶者星) | 10 | 5 each way: one's nearest spouse star in the other's 일간 4, 일지 3, 월주 2, 연주 1, and 1 more when it is 정재(正財) or 정관(正官) |
//!
//! Whose spouse star is which goes by one's own gender, whoever the other is: a man's is 재성(財星),
//! what his day stem controls, a woman's 관성(官星), what controls hers. So it does for two women,
//! who both look for 관성, and for two men, who both look for 재성: the tradition knows a man's chart
//! (남명 男命) and a woman's (여명 女命), and practitioners go on reading each by its own. For
//! `other` it names no star; either will do, the nearer one.
//!
//! Reckoned from the pillars of year, month and day: the hour is not known of everybody and does
//! not count, so that people of one date and gender go alike. Symmetric: each side brings its own
//! gender, and the points of both ways are added. The rules are in [`rules`], the listings in
//! [`relations`].

mod reasons;
pub mod relations;
pub mod rules;
#[cfg(test)]
mod tests;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{pillars::Pillars, profile::Gender};

/// One of two people: all that a score depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// Of year, month and day; the hour does not count.
    pub pillars: Pillars,
    /// Decides which is the spouse star.
    pub gender: Gender,
}

/// How well two people go together, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Compatibility {
    /// 0 to 100, the sum of the parts' points.
    pub score: u8,
    /// The six parts.
    pub breakdown: Vec<Part>,
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Part {
    /// A stable key: `day_stem`, `day_branch`, `year_branch`, `month_branch`, `five_elements` or
    /// `spouse_star`.
    #[schema(example = "day_stem")]
    pub name: &'static str,
    /// What it is called, Korean with hanja.
    #[schema(example = "일간(日干)")]
    pub label: &'static str,
    /// The points it gives.
    #[schema(example = 20)]
    pub points: u8,
    /// The most it could give.
    #[schema(example = 20)]
    pub max: u8,
    /// Why, in a Korean sentence or two; "나" is the one who asks.
    #[schema(example = "나의 갑목(甲木)과 상대의 기토(己土)는 천간합을 이룹니다.")]
    pub reason: String,
}

/// Keys and labels of the parts, in the order of [`rules::MAX`].
const PARTS: [(&str, &str); rules::PARTS] = [
    ("day_stem", "일간(日干)"),
    ("day_branch", "일지(日支)"),
    ("year_branch", "연지(年支)"),
    ("month_branch", "월지(月支)와 계절"),
    ("five_elements", "오행(五行)의 보완"),
    ("spouse_star", "배우자성(配偶者星)"),
];

impl Compatibility {
    /// Of the one who asks and the other. Score and points are the same the other way round; the
    /// reasons name one's own side first.
    pub fn of(mine: &Side, theirs: &Side) -> Self {
        let (a, b) = (&mine.pillars, &theirs.pillars);
        let reasons = [
            reasons::of_day_stems(a.day.stem, b.day.stem),
            reasons::of_branches(a.day.branch, b.day.branch),
            reasons::of_branches(a.year.branch, b.year.branch),
            reasons::of_months(a.month.branch, b.month.branch),
            reasons::of_elements(a, b),
            reasons::of_spouse_stars(mine, theirs),
        ];
        let points = rules::points(mine, theirs);
        let breakdown = PARTS
            .into_iter()
            .zip(points)
            .zip(rules::MAX)
            .zip(reasons)
            .map(|((((name, label), points), max), reason)| Part {
                name,
                label,
                points,
                max,
                reason,
            })
            .collect();
        Self {
            score: points.iter().sum(),
            breakdown,
        }
    }
}

/// The score alone: what [`Compatibility::of`] says, without allocating.
pub fn score_of(a: &Side, b: &Side) -> u8 {
    rules::points(a, b).iter().sum()
}
