//! `PUT /api/visits/operator/reports`: an operator decides on a report.
//!
//! Who is suspended is not found any more, and what they have agreed on comes to nothing: that is announced
//! in the same transaction.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::Operator,
    error::ErrorBody,
    events::announce,
    http::Json,
    store::{Outcome, Race, Table, Transaction, decode, when},
    validate,
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    audit::audit_key,
    card,
    events::{Cause, VisitorWithdrawn},
    profile::{Profile, profile_key, table},
    report::{Report, decided_key, waiting_key},
};

/// `visits-decide-report`
///
/// Budget: the report; who is reported; the decision, with the profile, its cards, the announcement and the
/// audit. 2 where it is dismissed, 1 for a repetition.
pub const FUNCTION: Function = Function::http("visits-decide-report", || {
    OpenApiRouter::new().routes(routes!(decide_report))
})
.budget(3);

/// What an operator decides on a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportDecision {
    /// Nothing follows from it.
    Dismiss,
    /// Who is reported meets nobody any more.
    Suspend,
}

/// What an operator decides on which report, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "report_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50", "decision": "suspend", "reason": "勧誘",
}))]
pub struct DecideReportRequest {
    /// The report.
    #[garde(skip)]
    #[schema(value_type = String, format = "uuid")]
    pub report_id: Uuid,
    /// What.
    #[garde(skip)]
    pub decision: ReportDecision,
    /// Why; for other operators.
    #[garde(length(chars, min = 1, max = 500), custom(validate::prose))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
}

/// A report that was decided on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DecidedReport {
    /// The report.
    #[serde(flatten)]
    pub report: Report,
    /// What was decided.
    pub decision: ReportDecision,
    /// Why.
    #[schema(example = "勧誘")]
    pub decision_reason: String,
    /// By whom.
    pub decided_by: UserId,
    /// When.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T02:00:00Z")]
    pub decided_at: Timestamp,
}

/// That a report was decided on.
#[derive(Serialize)]
struct Audit {
    operator_id: UserId,
    user_id: UserId,
    report_id: Uuid,
    action: ReportDecision,
    at: Timestamp,
}

/// Decides on a report
///
/// Who is suspended is not found any more, can neither ask, accept, book nor write, and what they have agreed
/// on is cancelled, and refunded where it was paid. The same decision once more does no harm.
#[utoipa::path(
    put, path = "/api/visits/operator/reports", tag = "visits",
    operation_id = "decideReport",
    security(("access_token" = ["operator"])),
    request_body = DecideReportRequest,
    responses(
        (status = 200, body = DecidedReport, description = "Decided"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
        (status = 404, body = ErrorBody, description = "No such report"),
        (status = 409, body = ErrorBody, description = "It was decided otherwise"),
    )
)]
pub async fn decide_report(
    State(app): State<App>,
    Operator(operator): Operator,
    Json(body): Json<DecideReportRequest>,
) -> Result<axum::Json<DecidedReport>> {
    let missing = || Error::not_found("report");
    let table = table(&app)?;
    let waiting = waiting_key(body.report_id);
    let decided = decided_key(body.report_id).ok_or_else(missing)?;
    let mut race = Race::new(&app);
    loop {
        let places = [waiting.clone(), decided.clone()];
        let mut found = table.batch_get(&places).await?;
        let [waits, before] = places.map(|place| found.remove(&place));
        if let Some(before) = before {
            let before: DecidedReport = decode(before)?;
            return match before.decision == body.decision {
                true => Ok(axum::Json(before)),
                false => Err(Error::conflict("it was decided otherwise")),
            };
        }
        let report: Report = decode(waits.ok_or_else(missing)?)?;
        let now = app.now();
        let after = DecidedReport {
            report,
            decision: body.decision,
            decision_reason: body.reason.clone(),
            decided_by: operator.id,
            decided_at: now,
        };
        let audit = Audit {
            operator_id: operator.id,
            user_id: after.report.reported_id,
            report_id: body.report_id,
            action: body.decision,
            at: now,
        };
        let mut tx = Transaction::new(&app);
        tx.delete_when(&table, waiting.clone(), when().exists("pk"));
        tx.create(&table, decided.clone(), &after)?;
        tx.put(&table, audit_key(now, app.new_id()), &audit)?;
        if body.decision == ReportDecision::Suspend {
            suspend(&mut tx, &table, after.report.reported_id).await?;
        }
        match tx.commit().await? {
            Outcome::Done => return Ok(axum::Json(after)),
            // Another operator was faster, or the profile has changed.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// Takes somebody out, as part of a transaction that is refused where their profile is not as it is read
/// here. One request. Nothing is done where they have closed their account, or were taken out before.
async fn suspend(tx: &mut Transaction, table: &Table, user_id: UserId) -> Result<()> {
    let place = profile_key(user_id);
    let Some(before) = table.get::<Profile>(&place).await? else {
        return Ok(());
    };
    if before.is_suspended {
        return Ok(());
    }
    let after = Profile {
        is_suspended: true,
        ..before.clone()
    };
    let suspended = before.change().set("is_suspended", true);
    tx.update(table, place, suspended);
    card::replace(tx, table, &card::rows_of(&before), &card::rows_of(&after))?;
    let cause = Cause::Suspended;
    announce(tx, table, VisitorWithdrawn { user_id, cause })
}
