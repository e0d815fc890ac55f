//! `PUT /api/operator/certificates/{user_id}`: an operator decides on somebody's documents.
//!
//! The pictures are deleted first: who has decided has seen them, and a decision that is not stored is
//! made again. What was decided is then not followed by a picture that is still there.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::Operator,
    error::ErrorBody,
    events::{MailRequested, Recipient, announce},
    http::{Json, Path},
    mail::Letter,
    store::{Outcome, Race, Transaction},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    card::{self, rows_of},
    certificate::{self, Review},
    choice::{ChoiceKind, listed_key},
    profile::{DocumentState, Documents, Profile, profile_key, table},
    view_certificate::Audit,
};

/// `visits-decide-certificate`
///
/// Budget: the profile; the decision, with the queue, the cards, the choices, the audit and the letter. 1 for
/// a repetition.
pub const FUNCTION: Function = Function::http("visits-decide-certificate", || {
    OpenApiRouter::new().routes(routes!(decide_certificate))
})
.budget(2);

/// What an operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The documents show what the profile says.
    Approve,
    /// They do not.
    Reject,
}

impl Decision {
    fn text(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// What an operator decides, and why.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideCertificateRequest {
    /// What.
    #[garde(skip)]
    pub decision: Decision,
    /// Why; a rejection says so to the person.
    #[garde(inner(length(chars, min = 1, max = 500), custom(validate::prose)))]
    #[schema(min_length = 1, max_length = 500, example = "生年月日が読めません。")]
    pub reason: Option<String>,
}

/// Decides on somebody's documents
///
/// Both pictures are deleted, and the person gets a letter. Of whom is approved, university or company and
/// department can be chosen by everybody from then on, and students find an employee. The same decision once
/// more does no harm.
#[utoipa::path(
    put, path = "/api/operator/certificates/{user_id}", tag = "visits",
    operation_id = "decideCertificate",
    security(("access_token" = ["operator"])),
    params(("user_id" = UserId, Path, description = "Whose documents")),
    request_body = DecideCertificateRequest,
    responses(
        (status = 200, body = Documents, description = "Decided"),
        (status = 400, body = ErrorBody, description = "A value is wrong, or a rejection has no reason"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
        (status = 404, body = ErrorBody, description = "Nobody with a profile"),
        (status = 409, body = ErrorBody, description = "Their documents do not wait any more"),
    )
)]
pub async fn decide_certificate(
    State(app): State<App>,
    Operator(operator): Operator,
    Path(user_id): Path<UserId>,
    Json(body): Json<DecideCertificateRequest>,
) -> Result<axum::Json<Documents>> {
    let (state, reason) = match body.decision {
        Decision::Approve => (DocumentState::Approved, None),
        Decision::Reject => {
            let reason = body.reason.ok_or_else(|| Error::missing("reason"))?;
            (DocumentState::Rejected, Some(reason))
        }
    };
    let decided = Documents { state, reason };
    let table = table(&app)?;
    let place = profile_key(user_id);
    let mut race = Race::new(&app);
    loop {
        let before = table.get::<Profile>(&place).await?;
        let before = before.ok_or_else(|| Error::not_found("profile"))?;
        if before.documents == decided {
            return Ok(axum::Json(decided));
        }
        let review = Review::of(&before);
        let review = review.filter(|_| before.documents.state == DocumentState::Submitted);
        let (Some(upload), Some(review)) = (before.upload, review) else {
            return Err(Error::conflict("their documents do not wait any more"));
        };
        certificate::erase(&app, user_id).await?;

        let after = Profile {
            is_authenticated: body.decision == Decision::Approve,
            documents: decided.clone(),
            ..before.clone()
        };
        let mut tx = Transaction::new(&app);
        let change = before
            .change()
            .set("documents", &after.documents)
            .set("is_authenticated", after.is_authenticated)
            .remove("upload")
            .remove("submitted_at");
        tx.update(&table, place.clone(), change);
        tx.delete(&table, review.key());
        card::replace(&mut tx, &table, &rows_of(&before), &rows_of(&after))?;
        if after.is_authenticated {
            let kind = after.visitor_type.affiliation();
            let affiliation = &after.affiliation;
            tx.put(&table, listed_key(kind, &affiliation.name), affiliation)?;
            if let Some(department) = &after.department {
                let kind = ChoiceKind::Department;
                tx.put(&table, listed_key(kind, &department.name), department)?;
            }
        }
        let audit = Audit {
            operator_id: operator.id,
            user_id,
            upload_id: upload.id,
            action: body.decision.text(),
            at: app.now(),
        };
        tx.put(&table, audit.key(app.new_id()), &audit)?;
        let told = MailRequested {
            to: Recipient::UserId(user_id),
            letter: letter(&decided),
        };
        announce(&mut tx, &table, told)?;
        match tx.commit().await? {
            Outcome::Done => return Ok(axum::Json(decided)),
            // Closed, decided on or changed a moment ago: it is read again.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

/// What the person is told.
fn letter(decided: &Documents) -> Letter {
    match &decided.reason {
        None => Letter::new(
            "本人確認が完了しました",
            "ご提出いただいた書類を確認し、本人確認が完了しました。\n\
             書類の画像は削除しました。\n",
        ),
        Some(reason) => Letter::new(
            "本人確認書類を再提出してください",
            format!(
                "ご提出いただいた書類では本人確認ができませんでした。\n\n\
                 理由:\n{reason}\n\n\
                 書類の画像は削除しました。お手数ですが、書類をもう一度ご提出ください。\n"
            ),
        ),
    }
}
