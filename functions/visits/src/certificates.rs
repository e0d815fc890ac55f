//! `POST /api/certificates`: where to send the pictures that show who one is.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    accounts::{self, Account, account_key},
    auth::User,
    error::ErrorBody,
    http::Json,
    media::{self, PrivatePut, is_sha256, presign_private_put},
    store::{Change, Path, Written, when},
    throttle::{self, Limit},
};
use futures_util::future::try_join;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    certificate::{Bucket, DocumentType, Upload},
    profile::{DocumentState, Profile, profile_key, profile_missing, table},
};

/// `visits-certificates`
///
/// Budget: the account and the profile, at once; the throttle; the profile.
pub const FUNCTION: Function = Function::http("visits-certificates", || {
    OpenApiRouter::new().routes(routes!(certificates))
})
.budget(4);

/// How often one person may ask.
const BY_ONE_PERSON: Limit = Limit::new("UPLOAD_RATE", 20, 60 * 60);
/// The largest picture, in bytes.
const MAX_SIZE: u64 = 10 * 1024 * 1024;

/// The pictures that somebody is about to upload.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificatesRequest {
    /// A student's card, an employee's business card.
    #[garde(dive)]
    pub type_card: DocumentUpload,
    /// A health insurance card or a driving licence.
    #[garde(dive)]
    pub identity_card: DocumentUpload,
}

/// A picture that somebody is about to upload.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentUpload {
    /// Its media type.
    #[garde(skip)]
    pub content_type: DocumentType,
    /// Its length in bytes.
    #[garde(range(min = 1, max = MAX_SIZE))]
    #[schema(minimum = 1, maximum = 10_485_760, example = 482_130)]
    pub size: u64,
    /// The SHA-256 of its bytes, as 64 lower-case hexadecimal digits.
    #[garde(custom(is_sha256))]
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )]
    pub sha256: String,
}

/// Where and how to send each of them.
#[derive(Serialize, ToSchema)]
pub struct CertificatesResponse {
    /// The student's card or business card.
    pub type_card: PrivatePut,
    /// The proof of identity.
    pub identity_card: PrivatePut,
}

/// Uploads the pictures that show who I am
///
/// Answers where to PUT each: a JPEG, PNG or PDF of at most 10 MB, exactly as declared, once, within five
/// minutes. `POST /api/certificates/submit` then hands them in. Nobody but an operator sees them, and they
/// are deleted once that has decided. Asked again, both are to be sent again.
#[utoipa::path(
    post, path = "/api/certificates", tag = "visits",
    operation_id = "createCertificateUploads",
    security(("access_token" = [])),
    request_body = CertificatesRequest,
    responses(
        (status = 200, body = CertificatesResponse, description = "Where and how to send the files"),
        (status = 400, body = ErrorBody, description = "Another type, too large, or no digest"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
        (status = 403, body = ErrorBody, description = "The e-mail address is not verified, or the account has no profile here yet"),
        (status = 409, body = ErrorBody, description = "An operator has yet to look at the ones before, or has approved them"),
        (status = 429, body = ErrorBody, description = "Too many uploads; `Retry-After` says when"),
    )
)]
pub async fn certificates(
    State(app): State<App>,
    user: User,
    Json(body): Json<CertificatesRequest>,
) -> Result<axum::Json<CertificatesResponse>> {
    let (accounts, visits) = (accounts::table(&app)?, table(&app)?);
    let (account_key, place) = (account_key(user.id), profile_key(user.id));
    let (account, profile) = try_join(
        accounts.get::<Account>(&account_key),
        visits.get::<Profile>(&place),
    )
    .await?;
    let account = account.filter(Account::is_active);
    let account = account.ok_or_else(Error::token_invalid)?;
    profile.ok_or_else(profile_missing)?;
    if account.email_verified_at.is_none() {
        return Err(Error::forbidden());
    }
    throttle::count(
        &app,
        &visits,
        "upload",
        &user.id.to_string(),
        &BY_ONE_PERSON,
    )
    .await?;

    let upload = Upload {
        id: app.new_id(),
        type_card: body.type_card.content_type,
        identity_card: body.identity_card.content_type,
    };
    let state = || Path::new("documents").field("state");
    let waits = when()
        .eq(state(), DocumentState::None)
        .or(when().eq(state(), DocumentState::Rejected));
    let allowed = Change::new().set("upload", upload).when(waits);
    match visits.update(place, allowed).await? {
        Written::Done => {}
        Written::Refused(found) => {
            let profile = found.item::<Profile>()?.ok_or_else(profile_missing)?;
            return Err(profile.documents.conflict());
        }
    }
    let bucket = app.config::<Bucket>()?;
    let key = |card| upload.key(user.id, card);
    Ok(axum::Json(CertificatesResponse {
        type_card: presign(&app, &bucket, &key("type_card"), body.type_card).await?,
        identity_card: presign(&app, &bucket, &key("identity_card"), body.identity_card).await?,
    }))
}

async fn presign(
    app: &App,
    Bucket(bucket): &Bucket,
    key: &str,
    file: DocumentUpload,
) -> Result<PrivatePut> {
    let declared = media::Upload {
        content_type: file.content_type.name().to_owned(),
        size: file.size,
        sha256: file.sha256,
    };
    presign_private_put(app, bucket, key, &declared).await
}
