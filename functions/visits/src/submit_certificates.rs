//! `POST /api/certificates/submit`: hands the pictures in, if they are there and are what they claim.

use axum::extract::State;
use enishi_shared::{
    App, Error, FieldCode, Function, Result,
    auth::User,
    error::{ErrorBody, FieldError},
    media::beginning,
    store::{Change, Outcome, Path, Transaction, when},
};
use futures_util::future::try_join_all;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    certificate::{BEGINNING, Bucket, Review},
    profile::{DocumentState, Documents, Profile, profile_key, profile_missing, table},
};

/// `visits-submit-certificates`
///
/// Budget: the profile; the profile and the queue. 1 once they are handed in.
pub const FUNCTION: Function = Function::http("visits-submit-certificates", || {
    OpenApiRouter::new().routes(routes!(submit_certificates))
})
.budget(2);

/// Hands in the pictures that show who I am
///
/// An operator looks at them then. Once more does no harm.
#[utoipa::path(
    post, path = "/api/certificates/submit", tag = "visits",
    operation_id = "submitCertificates",
    security(("access_token" = [])),
    responses(
        (status = 200, body = Documents, description = "They wait for an operator"),
        (status = 400, body = ErrorBody, description = "One was not uploaded, or is not what it claims to be"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "The account has no profile here yet"),
        (status = 409, body = ErrorBody, description = "There is nothing to hand in, or an operator has approved what there was"),
    )
)]
pub async fn submit_certificates(
    State(app): State<App>,
    user: User,
) -> Result<axum::Json<Documents>> {
    let visits = table(&app)?;
    let place = profile_key(user.id);
    let profile = visits.get::<Profile>(&place).await?;
    let profile = profile.ok_or_else(profile_missing)?;
    match profile.documents.state {
        DocumentState::Submitted => return Ok(axum::Json(profile.documents)),
        DocumentState::Approved => return Err(profile.documents.conflict()),
        DocumentState::None | DocumentState::Rejected => {}
    }
    let upload = profile.upload;
    let upload = upload.ok_or_else(|| Error::conflict("no documents were uploaded"))?;
    let bucket = app.config::<Bucket>()?;
    let read = upload.cards().map(|(card, kind)| {
        let (app, bucket, key) = (&app, &bucket.0, upload.key(user.id, card));
        async move {
            let bytes = beginning(app, bucket, &key, BEGINNING).await?;
            Ok::<_, Error>(match bytes {
                None => Some((card, FieldCode::Missing)),
                Some(bytes) if !kind.begins_so(&bytes) => Some((card, FieldCode::Invalid)),
                Some(_) => None,
            })
        }
    });
    let faults: Vec<FieldError> = try_join_all(read)
        .await?
        .into_iter()
        .flatten()
        .map(|(card, code)| FieldError {
            field: card.to_owned(),
            code,
            rule: None,
        })
        .collect();
    if !faults.is_empty() {
        return Err(Error::invalid_fields(faults));
    }

    let documents = Documents {
        state: DocumentState::Submitted,
        reason: None,
    };
    let review = Review {
        user_id: user.id,
        submitted_at: app.now(),
    };
    let mut tx = Transaction::new(&app);
    let change = Change::new()
        .set("documents", &documents)
        .set("submitted_at", review.submitted_at)
        .when(
            when()
                .eq(
                    Path::new("documents").field("state"),
                    profile.documents.state,
                )
                .eq(Path::new("upload").field("id"), upload.id),
        );
    let submitted = tx.update(&visits, place, change).of::<Profile>();
    tx.put(&visits, review.key(), &review)?;
    match tx.commit().await? {
        Outcome::Done => Ok(axum::Json(documents)),
        Outcome::Refused(refused) => {
            let there = refused.item(submitted)?.ok_or_else(profile_missing)?;
            match there.documents.state {
                DocumentState::Submitted => Ok(axum::Json(there.documents)),
                _ => Err(Error::conflict("other documents were uploaded meanwhile")),
            }
        }
    }
}
