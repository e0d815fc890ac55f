//! `GET /api/fortune/today`: what the day's stem is to one's own, and what is read from that.

use axum::{Json, extract::State};
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pillars::day_pillar,
    profile::{Profile, profile_key, profile_missing, table, today},
    ten_gods::{TenGod, ten_god},
};

/// `saju-fortune`
pub const FUNCTION: Function = crate::http("saju-fortune", || {
    OpenApiRouter::new().routes(routes!(fortune))
})
.budget(1);

/// The fortune of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Fortune {
    /// The day in Korea.
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    pub date: Date,
    /// The day's pillar (일진 日辰).
    #[schema(example = "갑자(甲子)")]
    pub day_pillar: String,
    /// What the day's stem is to the stem of one's own day pillar (일간 日干).
    pub ten_god: TenGodView,
    /// What is read from that.
    #[schema(example = "정재(正財)의 날입니다. 차근차근 쌓아 온 것이 빛을 봅니다.")]
    pub text: String,
}

/// One of the ten gods (십성 十星).
#[derive(Debug, Serialize, ToSchema)]
pub struct TenGodView {
    /// The key that a client may choose a picture by.
    #[schema(example = "jeongjae")]
    pub key: &'static str,
    /// The Korean name.
    #[schema(example = "정재")]
    pub name: &'static str,
    /// The name in hanja.
    #[schema(example = "正財")]
    pub hanja: &'static str,
}

impl TenGodView {
    fn of(god: TenGod) -> Self {
        let (name, hanja) = god.name().split_once('(').unwrap_or((god.name(), ""));
        Self {
            key: god.key(),
            name,
            hanja: hanja.trim_end_matches(')'),
        }
    }
}

/// Today's fortune
///
/// It follows from the stem of the day and the stem of the day one was born on, and changes at
/// midnight in Korea.
#[utoipa::path(
    get,
    path = "/api/fortune/today",
    operation_id = "getTodaysFortune",
    tag = "saju",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "The fortune", body = Fortune),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
    )
)]
pub async fn fortune(State(app): State<App>, user: User) -> Result<Json<Fortune>> {
    let me: Profile = table(&app)?
        .get(&profile_key(user.id))
        .await?
        .ok_or_else(profile_missing)?;
    let mine = me.candidate.birth()?.pillars().day.stem;
    let date = today(app.now());
    let pillar = day_pillar(date);
    let god = ten_god(mine, pillar.stem);
    Ok(Json(Fortune {
        date,
        day_pillar: pillar.to_string(),
        ten_god: TenGodView::of(god),
        text: god.text().to_owned(),
    }))
}
