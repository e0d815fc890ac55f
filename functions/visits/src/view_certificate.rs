//! `POST /api/operator/certificates/{user_id}/view`: an operator looks at somebody's documents. That they
//! do is written down before they can.

use std::time::Duration;

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    auth::Operator,
    error::ErrorBody,
    http::Path,
    media::presign_get,
    store::{self, Key, Outcome, Transaction, when},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    audit::audit_key,
    certificate::Bucket,
    profile::{DocumentState, Profile, profile_key, table},
};

/// `visits-view-certificate`
///
/// Budget: the profile; the audit's row, where the documents still wait.
pub const FUNCTION: Function = Function::http("visits-view-certificate", || {
    OpenApiRouter::new().routes(routes!(view_certificate))
})
.budget(2);

/// How long a link is good for.
const VALID_FOR: Duration = Duration::from_secs(60);

/// Somebody's documents.
#[derive(Serialize, ToSchema)]
pub struct CertificateLinks {
    /// Where the student's card or business card can be read.
    #[schema(
        format = "uri",
        example = "https://certificates.s3.ap-northeast-1.amazonaws.com/certificates/1?X-Amz-Signature=1"
    )]
    pub type_card: String,
    /// Where the proof of identity can be read.
    #[schema(
        format = "uri",
        example = "https://certificates.s3.ap-northeast-1.amazonaws.com/certificates/2?X-Amz-Signature=2"
    )]
    pub identity_card: String,
    /// From this moment on both are refused.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:01:00Z")]
    pub expires_at: Timestamp,
}

/// That somebody's documents were looked at, or decided on.
#[derive(Serialize)]
pub struct Audit<'a> {
    /// By whom.
    pub operator_id: UserId,
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub upload_id: Uuid,
    /// What was done.
    pub action: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Audit<'_> {
    /// Where it lies.
    pub fn key(&self, id: Uuid) -> Key {
        audit_key(self.at, id)
    }
}

/// Shows somebody's documents to an operator
///
/// Each time is written down.
#[utoipa::path(
    post, path = "/api/operator/certificates/{user_id}/view", tag = "visits",
    operation_id = "viewCertificate",
    security(("access_token" = ["operator"])),
    params(("user_id" = UserId, Path, description = "Whose documents")),
    responses(
        (status = 200, body = CertificateLinks, description = "Links that are good for 60 seconds"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
        (status = 404, body = ErrorBody, description = "Nobody whose documents wait"),
    )
)]
pub async fn view_certificate(
    State(app): State<App>,
    Operator(operator): Operator,
    Path(user_id): Path<UserId>,
) -> Result<axum::Json<CertificateLinks>> {
    let missing = || Error::not_found("documents");
    let table = table(&app)?;
    let place = profile_key(user_id);
    let profile = table.get::<Profile>(&place).await?;
    let profile = profile.filter(|it| it.documents.state == DocumentState::Submitted);
    let upload = profile.and_then(|profile| profile.upload);
    let upload = upload.ok_or_else(missing)?;
    let audit = Audit {
        operator_id: operator.id,
        user_id,
        upload_id: upload.id,
        action: "view",
        at: app.now(),
    };
    let mut tx = Transaction::new(&app);
    tx.put(&table, audit.key(app.new_id()), &audit)?;
    let state = store::Path::new("documents").field("state");
    let waits = when().eq(state, DocumentState::Submitted);
    tx.check(&table, place, waits);
    if let Outcome::Refused(_) = tx.commit().await? {
        return Err(missing());
    }
    let bucket = app.config::<Bucket>()?;
    let [one, other] = upload.cards().map(|(card, _)| upload.key(user_id, card));
    let (type_card, expires_at) = presign_get(&app, &bucket.0, &one, VALID_FOR).await?;
    let (identity_card, _) = presign_get(&app, &bucket.0, &other, VALID_FOR).await?;
    Ok(axum::Json(CertificateLinks {
        type_card,
        identity_card,
        expires_at,
    }))
}
