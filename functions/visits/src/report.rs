//! `POST /api/visits/reports`: tells the operators about the other of a matching.
//!
//! A report waits in one partition, the oldest first, until an operator has decided on it; then it moves to
//! those of its month. It keeps the text of the message that it is about, which may be gone by then. It stays
//! when either of the two closes their account. An alarm on the metric `Reports` says that there are new
//! ones.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::User,
    conversation::{LAST_SEQ, Stretch},
    error::ErrorBody,
    http::Json,
    idempotency::IdempotencyKey,
    metric,
    store::{Key, Outcome, Transaction, when},
    throttle::{self, Limit},
    validate,
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    chat,
    chat::Chats,
    matching::{self, MatchingId, StoredMatching},
    profile::{profile_key, profile_missing},
    state::Party,
};

/// `visits-report`
///
/// Budget: the matching; the throttle; the message and whether it is still shown; the report. 3 without a
/// message.
pub const FUNCTION: Function = Function::http("visits-report", || {
    OpenApiRouter::new().routes(routes!(report))
})
.budget(5);

/// How much one person may report.
const BY_ONE_PERSON: Limit = Limit::new("REPORT_RATE", 20, 24 * 60 * 60);

/// The partition of the reports that wait for an operator, the oldest first.
pub const WAITING: &str = "REPORTS";

/// What somebody is reported for.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "matching_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50", "reason": "面談と関係のない勧誘をされました。",
}))]
pub struct ReportMatchingRequest {
    /// The matching, whose other is reported.
    #[garde(skip)]
    pub matching_id: MatchingId,
    /// The number of the message that it is about, which the other wrote.
    #[garde(range(min = 1, max = LAST_SEQ))]
    #[schema(minimum = 1, maximum = 999_999_999_999_u64)]
    pub seq: Option<u64>,
    /// In one's own words, at most 1,000 characters.
    #[garde(length(chars, min = 1, max = 1000), custom(validate::prose))]
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
}

/// A report that the operators have.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportedMatching {
    /// The report.
    #[schema(value_type = String, format = "uuid", example = "019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071")]
    pub report_id: Uuid,
}

/// A report, as it is stored and as an operator sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The report: a UUIDv7.
    #[schema(value_type = String, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
    pub report_id: Uuid,
    /// The matching of the two.
    pub matching_id: MatchingId,
    /// Who reports.
    pub reporter_id: UserId,
    /// Who is reported.
    pub reported_id: UserId,
    /// Which of the two that is.
    #[schema(example = "speaker")]
    pub reported: Party,
    /// In the reporter's own words.
    #[schema(example = "面談と関係のない勧誘をされました。")]
    pub reason: String,
    /// What the reported one wrote, if it is about a message.
    #[serde(default)]
    #[schema(required, example = "今度別の仕事の話をしませんか。")]
    pub message: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

/// Where a report lies that waits. Ids follow one another in time.
pub fn waiting_key(report_id: Uuid) -> Key {
    Key::new(WAITING, report_id.to_string())
}

/// Where it lies once it was decided on: `REPORTS#2026-11` / its id, by the month in which it was made, at
/// universal time. There is none of an id that tells no time.
pub fn decided_key(report_id: Uuid) -> Option<Key> {
    let (seconds, _) = report_id.get_timestamp()?.to_unix();
    let made = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    let month = made.strftime("%Y-%m");
    Some(Key::new(
        format!("{WAITING}#{month}"),
        report_id.to_string(),
    ))
}

/// Reports the other of a matching
///
/// Or a message of theirs. Who is blocked can be reported too, and reports too.
#[utoipa::path(
    post, path = "/api/visits/reports", tag = "visits",
    operation_id = "reportMatching",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = ReportMatchingRequest,
    responses(
        (status = 201, body = ReportedMatching, description = "The operators have it"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `seq` names no message of the other's"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 404, body = ErrorBody, description = "No such matching of the caller's"),
        (status = 409, body = ErrorBody, description = "The `Idempotency-Key` was used with another body"),
        (status = 429, body = ErrorBody, description = "Too many reports; `Retry-After` says when"),
    )
)]
pub async fn report(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<ReportMatchingRequest>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let creation = key.creation(&app, &format!("visits-report\n{me}"), &body)?;
    let chats = chat::chats(&app)?;
    let table = chats.table();
    let (matching, party) = matching::find(table, me, body.matching_id).await?;
    throttle::count(&app, table, "report", &me.to_string(), &BY_ONE_PERSON).await?;
    let reported = party.other();
    let message = match body.seq {
        Some(seq) => Some(written(&chats, &matching, reported, seq).await?),
        None => None,
    };
    let report = Report {
        report_id: app.new_id(),
        matching_id: body.matching_id,
        reporter_id: me,
        reported_id: matching.user(reported),
        reported,
        reason: body.reason,
        message,
        created_at: app.now(),
    };
    let mut tx = Transaction::new(&app);
    tx.create(table, waiting_key(report.report_id), &report)?;
    tx.check(table, profile_key(me), when().exists("pk"));
    let committed = tx.commit_once(table, creation.as_ref(), &report.report_id);
    let report_id = match committed.await? {
        Outcome::Done => {
            metric::count("Reports", 1);
            report.report_id
        }
        Outcome::Replayed { id, .. } => id,
        Outcome::Refused(_) => return Err(profile_missing()),
    };
    Ok((
        StatusCode::CREATED,
        axum::Json(ReportedMatching { report_id }),
    ))
}

/// What the reported one wrote under this number.
async fn written(chats: &Chats, matching: &StoredMatching, by: Party, seq: u64) -> Result<String> {
    let missing = || Error::unknown("seq");
    let id = matching.matching_id;
    let entering = async { chats.get(id).await?.ok_or_else(missing) };
    let found = chats.messages(id, Stretch::After(seq - 1), 1, entering);
    let found = found.await?.into_iter().next();
    let found = found.filter(|message| message.sender_id == matching.user(by));
    Ok(found.ok_or_else(missing)?.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decided_report_lies_among_those_of_its_month() -> Result<(), Box<dyn std::error::Error>> {
        let id = Uuid::parse_str("019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")?;
        let key = decided_key(id).ok_or("no time")?;
        assert_eq!(key.pk, "REPORTS#2025-11");
        assert_eq!(key.sk, id.to_string());
        assert!(decided_key(Uuid::nil()).is_none());
        Ok(())
    }
}
