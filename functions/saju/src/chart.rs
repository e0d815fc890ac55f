//! `GET /api/saju/me`: one's own four pillars and what is read in them.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, civil::hour_minute, error::ErrorBody};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    birthday::Calendar,
    pillars::{Branch, Element, Pillar, Pillars, Stem},
    profile::{Profile, profile_key, profile_missing, table},
    score::relations::season,
    ten_gods::ten_god,
    term::Term,
};

/// `saju-chart`
pub const FUNCTION: Function =
    crate::http("saju-chart", || OpenApiRouter::new().routes(routes!(chart))).budget(1);

/// One's own chart (명식 命式).
#[derive(Debug, Serialize, ToSchema)]
pub struct Chart {
    /// The birthday as it was given: by `calendar`, so that a lunar 30 February is possible.
    #[schema(example = "1995-02-02")]
    pub birth_date: String,
    /// By which calendar it was given.
    pub calendar: Calendar,
    /// Whether its month is a leap month (윤달 閏月) of the lunar calendar.
    #[schema(example = false)]
    pub leap_month: bool,
    /// The same day by the solar calendar, from which the pillars are reckoned.
    #[schema(value_type = String, format = Date, example = "1995-03-02")]
    pub solar_birth_date: Date,
    /// Korean time, if they told it.
    #[schema(required, example = "07:40")]
    pub birth_time: Option<String>,
    /// The pillars.
    pub pillars: FourPillars,
    /// How many of the characters in the chart, eight or without the hour six, are of each element
    /// (오행 五行), branches counting by their principal stem: wood, fire, earth, metal, water.
    #[schema(min_items = 5, max_items = 5, example = json!([
        {"key": "wood", "name": "목", "hanja": "木", "count": 3},
        {"key": "fire", "name": "화", "hanja": "火", "count": 1},
        {"key": "earth", "name": "토", "hanja": "土", "count": 2},
        {"key": "metal", "name": "금", "hanja": "金", "count": 0},
        {"key": "water", "name": "수", "hanja": "水", "count": 2},
    ]))]
    pub elements: Vec<ElementCount>,
    /// The season of the month's branch: `spring`, `summer`, `autumn` or `winter`.
    #[schema(example = json!({"key": "spring", "name": "봄", "hanja": "春"}))]
    pub season: Term,
    /// By which rules it was reckoned, in Korean sentences.
    pub rules: Rules,
}

/// The pillars (사주 四柱).
#[derive(Debug, Serialize, ToSchema)]
pub struct FourPillars {
    /// 연주(年柱)
    pub year: PillarView,
    /// 월주(月柱)
    pub month: PillarView,
    /// 일주(日柱)
    pub day: PillarView,
    /// 시주(時柱), where a birth time was given.
    #[schema(required)]
    pub hour: Option<PillarView>,
}

/// A pillar (주 柱).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pillar)]
pub struct PillarView {
    /// The reading, with the hanja.
    #[schema(example = "무인(戊寅)")]
    pub name: String,
    /// The stem (천간 天干).
    pub stem: StemView,
    /// The branch (지지 地支).
    pub branch: BranchView,
}

/// A stem of a chart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stem, example = json!({"key": "mu", "name": "무", "hanja": "戊", "element": "earth", "ten_god": {"key": "pyeongwan", "name": "편관", "hanja": "偏官"}}))]
pub struct StemView {
    /// Its name.
    #[serde(flatten)]
    pub term: Term,
    /// `wood`, `fire`, `earth`, `metal` or `water`.
    pub element: &'static str,
    /// What it is to the day's stem (십성 十星); null for the day's stem itself (일간 日干), which is
    /// oneself.
    #[schema(required)]
    pub ten_god: Option<Term>,
}

/// A branch of a chart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Branch)]
pub struct BranchView {
    /// Its name.
    #[serde(flatten)]
    pub term: Term,
    /// The element of its principal stem: `wood`, `fire`, `earth`, `metal` or `water`.
    #[schema(example = "wood")]
    pub element: &'static str,
    /// What its principal stem is to the day's stem (십성 十星).
    pub ten_god: Term,
    /// The hidden stems (지장간 支藏干), two or three, the principal one last.
    #[schema(min_items = 2, max_items = 3, example = json!([
        {"key": "mu", "name": "무", "hanja": "戊", "element": "earth",
         "phase": {"key": "residual", "name": "여기", "hanja": "餘氣"},
         "ten_god": {"key": "pyeongwan", "name": "편관", "hanja": "偏官"}},
        {"key": "byeong", "name": "병", "hanja": "丙", "element": "fire",
         "phase": {"key": "middle", "name": "중기", "hanja": "中氣"},
         "ten_god": {"key": "pyeonjae", "name": "편재", "hanja": "偏財"}},
        {"key": "gap", "name": "갑", "hanja": "甲", "element": "wood",
         "phase": {"key": "principal", "name": "본기", "hanja": "本氣"},
         "ten_god": {"key": "siksin", "name": "식신", "hanja": "食神"}},
    ]))]
    pub hidden_stems: Vec<HiddenStem>,
}

/// A hidden stem of a branch.
#[derive(Debug, Serialize, ToSchema)]
pub struct HiddenStem {
    /// Its name.
    #[serde(flatten)]
    pub term: Term,
    /// `wood`, `fire`, `earth`, `metal` or `water`.
    #[schema(example = "wood")]
    pub element: &'static str,
    /// Which of them it is: `residual` (여기 餘氣), `middle` (중기 中氣) or `principal` (본기 本氣).
    pub phase: Term,
    /// What it is to the day's stem (십성 十星).
    pub ten_god: Term,
}

/// An element, and how many characters are of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"key": "wood", "name": "목", "hanja": "木", "count": 3}))]
pub struct ElementCount {
    /// Its name.
    #[serde(flatten)]
    pub term: Term,
    /// 0 to 8.
    #[schema(minimum = 0, maximum = 8)]
    pub count: u8,
}

/// The rules on which practitioners differ, as they are kept here.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rules {
    /// Who is born between 23:00 and midnight (야자시 夜子時).
    #[schema(example = "하루는 자정에 바뀝니다. …")]
    pub late_night: &'static str,
    /// Local solar time (진태양시 眞太陽時), and clocks of the past.
    #[schema(example = "태어난 시각은 알려 주신 그대로 한국 표준시로 봅니다. …")]
    pub solar_time: &'static str,
    /// Where year and month begin.
    #[schema(example = "연주(年柱)는 입춘(立春)에 바뀝니다. …")]
    pub terms: &'static str,
}

const LATE_NIGHT: &str = "하루는 자정에 바뀝니다. 밤 11시부터 자정 사이(야자시 夜子時)에 태어난 사람의 \
    일주(日柱)는 그날의 것으로 두고, 시주(時柱)는 다음 날로 이어지는 자시(子時)로 세웁니다.";
const SOLAR_TIME: &str = "태어난 시각은 알려 주신 그대로 한국 표준시(동경 135도)로 봅니다. 태어난 곳의 \
    진태양시(眞太陽時)로 고치지 않고, 지난날의 서머타임과 표준시 변경도 되돌리지 않습니다.";
const TERMS: &str = "연주(年柱)는 입춘(立春)에, 월주(月柱)는 다달의 절기(節氣)가 드는 시각에 바뀝니다. 태어난 \
    시각을 모르면 시주(時柱)를 세우지 않고, 절기가 드는 날은 정오를 기준으로 봅니다.";

/// My chart
///
/// The four pillars with their hidden stems, ten gods, elements and season. Names are Korean, with the
/// hanja beside them.
#[utoipa::path(
    get,
    path = "/api/saju/me",
    operation_id = "getMyChart",
    tag = "saju",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "The chart", body = Chart),
        (status = 401, description = "No valid access token", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn chart(State(app): State<App>, user: User) -> Result<axum::Json<Chart>> {
    let me: Profile = table(&app)?
        .get(&profile_key(user.id))
        .await?
        .ok_or_else(profile_missing)?;
    let (birthday, birth) = (me.birthday(), me.candidate.birth()?);
    let pillars = birth.pillars();
    Ok(axum::Json(Chart {
        birth_date: birthday.date.to_string(),
        calendar: birthday.calendar,
        leap_month: birthday.leap_month,
        solar_birth_date: birth.date(),
        birth_time: birth.time().map(hour_minute),
        elements: elements(&pillars),
        season: season_of(pillars.month.branch),
        pillars: FourPillars::of(&pillars),
        rules: Rules {
            late_night: LATE_NIGHT,
            solar_time: SOLAR_TIME,
            terms: TERMS,
        },
    }))
}

impl FourPillars {
    fn of(pillars: &Pillars) -> Self {
        let day = pillars.day.stem;
        let view = |pillar| PillarView::of(pillar, day);
        let mut mine = view(pillars.day);
        mine.stem.ten_god = None;
        Self {
            year: view(pillars.year),
            month: view(pillars.month),
            day: mine,
            hour: pillars.hour.map(view),
        }
    }
}

impl PillarView {
    fn of(pillar: Pillar, day: Stem) -> Self {
        let Pillar { stem, branch } = pillar;
        let (residual, middle, principal) = branch.hidden_stems();
        let hidden = |stem: Stem, key, phase| HiddenStem {
            term: Term::new(stem.key(), &stem.to_string()),
            element: stem.element().key(),
            phase: Term::new(key, phase),
            ten_god: ten_god(day, stem).term(),
        };
        let hidden_stems = [
            Some(hidden(residual, "residual", "여기(餘氣)")),
            middle.map(|stem| hidden(stem, "middle", "중기(中氣)")),
            Some(hidden(principal, "principal", "본기(本氣)")),
        ];
        Self {
            name: pillar.to_string(),
            stem: StemView {
                term: Term::new(stem.key(), &stem.to_string()),
                element: stem.element().key(),
                ten_god: Some(ten_god(day, stem).term()),
            },
            branch: BranchView {
                term: Term::new(branch.key(), &branch.to_string()),
                element: branch.element().key(),
                ten_god: ten_god(day, principal).term(),
                hidden_stems: hidden_stems.into_iter().flatten().collect(),
            },
        }
    }
}

fn elements(pillars: &Pillars) -> Vec<ElementCount> {
    let Pillars {
        year,
        month,
        day,
        hour,
    } = *pillars;
    let all = [Some(year), Some(month), Some(day), hour];
    let of_all: Vec<Element> = all
        .into_iter()
        .flatten()
        .flat_map(|it| [it.stem.element(), it.branch.element()])
        .collect();
    let count = |element: Element| of_all.iter().filter(|it| **it == element).count();
    Element::ALL
        .into_iter()
        .map(|element| ElementCount {
            term: Term::new(element.key(), &element.to_string()),
            count: count(element) as u8,
        })
        .collect()
}

fn season_of(month: Branch) -> Term {
    let (key, name) = [
        ("spring", "봄(春)"),
        ("summer", "여름(夏)"),
        ("autumn", "가을(秋)"),
        ("winter", "겨울(冬)"),
    ][season(month)];
    Term::new(key, name)
}
