//! `POST /api/reports`: tell the operators about somebody.
//!
//! The reports of a month lie in one partition, in order of time. An alarm on the metric `Reports`
//! says that there are new ones. They stay when either of the two closes their account.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    error::ErrorBody,
    http::Json,
    idempotency::IdempotencyKey,
    metric,
    store::{Key, Outcome, Transaction},
    throttle::{self, Limit},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    pair::PairId,
    profile::{check_exists, profile_key, profile_missing, table},
};

/// `saju-report`
///
/// Budget: both profiles; the throttle; the report.
pub const FUNCTION: Function = crate::http("saju-report", || {
    OpenApiRouter::new().routes(routes!(report))
})
.budget(3);

/// How much one person may report.
const BY_ONE_PERSON: Limit = Limit::new("REPORT_RATE", 20, 24 * 60 * 60);

/// What somebody is reported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Advertising, or the like.
    Spam,
    /// Threats, insults, stalking.
    Harassment,
    /// They are not who they say they are.
    FakeProfile,
    /// Pictures or words that do not belong here.
    Inappropriate,
    /// They are under age.
    Underage,
    /// What `details` say.
    Other,
}

/// Who is reported, and for what.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50", "reason": "spam"}))]
pub struct ReportRequest {
    /// Another person: not yourself.
    #[garde(skip)]
    pub user_id: UserId,
    /// What for.
    #[garde(skip)]
    pub reason: Reason,
    /// In one's own words, at most 2,000 characters.
    #[garde(length(chars, max = 2000))]
    #[schema(max_length = 2000, example = "같은 광고를 계속 보냅니다.")]
    pub details: Option<String>,
    /// The chat with them, if it is about what they wrote.
    #[garde(skip)]
    pub chat_id: Option<PairId>,
}

/// A report that the operators have.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportResponse {
    /// The report.
    #[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
    pub report_id: Uuid,
}

/// A report as it lies in the table.
#[derive(Serialize)]
struct Report<'a> {
    report_id: Uuid,
    reporter_id: UserId,
    reported_id: UserId,
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_id: Option<PairId>,
    created_at: Timestamp,
}

impl Report<'_> {
    /// `REPORTS#2026-11` / `2026-11-20T11:00:00.000Z#<report_id>`, at universal time.
    fn key(&self) -> Key {
        let time = format!("{:.3}", self.created_at);
        let month = time.get(..7).unwrap_or_default();
        Key::new(
            format!("REPORTS#{month}"),
            format!("{time}#{}", self.report_id),
        )
    }
}

/// Report somebody
///
/// Blocked people can be reported too, and report too.
#[utoipa::path(
    post,
    path = "/api/reports",
    operation_id = "reportUser",
    tag = "saju",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = ReportRequest,
    responses(
        (status = 201, description = "The operators have it", body = ReportResponse),
        (status = 400, description = "A value is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid access token, or no profile", body = ErrorBody),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, description = "No such user", body = ErrorBody),
        (status = 409, description = "The `Idempotency-Key` was used with another body", body = ErrorBody),
        (status = 429, description = "Too many reports; `Retry-After` says when", body = ErrorBody),
    )
)]
pub async fn report(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<ReportRequest>,
) -> Result<impl IntoResponse> {
    let (me, other) = (user.id, body.user_id);
    let Some(pair) = PairId::of(me, other) else {
        return Err(Error::invalid("user_id", "you cannot report yourself"));
    };
    if body.chat_id.is_some_and(|chat_id| chat_id != pair) {
        return Err(Error::invalid(
            "chat_id",
            "chat_id is not the chat with user_id",
        ));
    }
    let creation = key.creation(&app, &format!("saju-report\n{me}"), &body)?;
    let table = table(&app)?;
    let places = [profile_key(me), profile_key(other)];
    let found = table.batch_get(&places).await?;
    let [is_mine, is_theirs] = places.map(|place| found.contains_key(&place));
    if !is_mine {
        return Err(profile_missing());
    }
    if !is_theirs {
        return Err(Error::not_found("user"));
    }
    throttle::count(&app, &table, "report", &me.to_string(), &BY_ONE_PERSON).await?;

    let report = Report {
        report_id: app.new_id(),
        reporter_id: me,
        reported_id: other,
        reason: body.reason,
        details: body.details.as_deref(),
        chat_id: body.chat_id,
        created_at: app.now(),
    };
    let mut tx = Transaction::new(&app);
    tx.create(&table, report.key(), &report)?;
    check_exists(&mut tx, &table, me);
    let committed = tx.commit_once(&table, creation.as_ref(), &report.report_id);
    let report_id = match committed.await? {
        Outcome::Done => {
            metric::count("Reports", 1);
            report.report_id
        }
        Outcome::Replayed { id, .. } => id,
        // The account was closed a moment ago.
        Outcome::Refused(_) => return Err(profile_missing()),
    };
    Ok((
        StatusCode::CREATED,
        axum::Json(ReportResponse { report_id }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_lie_in_order_of_time() -> Result<(), Box<dyn std::error::Error>> {
        let key = |time: &str| -> Result<Key, Box<dyn std::error::Error>> {
            let report = Report {
                report_id: Uuid::nil(),
                reporter_id: UserId::NOBODY,
                reported_id: UserId::NOBODY,
                reason: Reason::Spam,
                details: None,
                chat_id: None,
                created_at: time.parse()?,
            };
            Ok(report.key())
        };
        let first = key("2026-11-30T23:59:59Z")?;
        assert_eq!(first.pk, "REPORTS#2026-11");
        assert_eq!(
            first.sk,
            format!("2026-11-30T23:59:59.000Z#{}", Uuid::nil())
        );
        assert!(first.sk < key("2026-11-30T23:59:59.5Z")?.sk);
        assert!(first.sk > key("2026-11-30T23:59:58.999999Z")?.sk);
        Ok(())
    }
}
