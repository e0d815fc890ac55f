//! `GET /api/fortune/today`: what the day's stem is to one's own, how the day's branch meets one's
//! own, and what is read from both.
//!
//! The ten gods come round in ten days, the branches in twelve: the same pair comes after twenty days
//! at the earliest.

pub mod meeting;
#[cfg(test)]
mod tests;

use axum::{Json, extract::State};
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    pillars::{Pillar, day_pillar},
    profile::{Profile, profile_key, profile_missing, table, today},
    ten_gods::{TenGod, ten_god},
    term::Term,
};
use meeting::Meeting;

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
    /// What the day's stem is to the stem of one's own day pillar (일간 日干): one of the ten gods
    /// (십성 十星).
    pub ten_god: Term,
    /// How the day's branch meets the branch of one's own day pillar (일지 日支): `six_union`,
    /// `three_union`, `quarter`, `same_element`, `begetting`, `controlling`, `controlled`, `clash`,
    /// `punishment`, `harm`, `break` or `resentment`.
    #[schema(example = json!({"key": "six_union", "name": "육합", "hanja": "六合"}))]
    pub branch_relation: Term,
    /// What is read from the one, then from the other.
    #[schema(
        example = "오늘은 성실함이 빛나는 날입니다. … 오늘의 지지(地支)는 내 일지(日支)와 육합(六合)으로 손을 맞잡습니다. …"
    )]
    pub text: String,
}

/// What a day is to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// By the stems.
    pub god: TenGod,
    /// By the branches.
    pub meeting: Meeting,
}

impl Reading {
    /// Of somebody's day pillar and that of the day.
    pub fn of(mine: Pillar, day: Pillar) -> Self {
        Self {
            god: ten_god(mine.stem, day.stem),
            meeting: Meeting::of(mine.branch, day.branch),
        }
    }

    /// Both parts.
    pub fn text(self) -> String {
        format!("{} {}", self.god.text(), self.meeting.text())
    }
}

/// Today's fortune
///
/// It follows from the pillar of the day and that of the day one was born on, and changes at
/// midnight in Korea. Nothing comes again within ten days.
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
    let mine = me.candidate.birth()?.pillars().day;
    let date = today(app.now());
    let pillar = day_pillar(date);
    let reading = Reading::of(mine, pillar);
    Ok(Json(Fortune {
        date,
        day_pillar: pillar.to_string(),
        ten_god: reading.god.term(),
        branch_relation: Term::new(reading.meeting.key(), reading.meeting.name()),
        text: reading.text(),
    }))
}
