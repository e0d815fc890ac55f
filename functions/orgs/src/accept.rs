//! `POST /v1/service/invitations/accept`: accepts an invitation.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    error::ErrorBody,
    http::Json,
    idempotency::IdempotencyKey,
    language::{AcceptLanguage, Language},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Newcomer,
    join::{self, By},
    user::UserResponse,
};

/// `orgs-accept`
///
/// Budget: where they stand, the token, the invitation with its organisation, the account by its names and
/// itself, the joining, the seconds; 1 less for who is new here, for there is no account to read.
pub const FUNCTION: Function = Function::http("orgs-accept", || {
    OpenApiRouter::new().routes(routes!(accept))
})
.budget(7);

/// What came by mail.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptRequest {
    /// The token in the letter's link.
    #[garde(length(min = 1, max = 128))]
    #[schema(
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9_-]+$",
        example = "AZqitHweftMzAfWxwtPk9QAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    )]
    pub token: String,
}

/// Accepts an invitation
///
/// Takes a Firebase ID token only, of the invited address, verified. Its first one makes the account here, or
/// joins the one that has its e-mail where both are verified. One organisation a person.
#[utoipa::path(
    post, path = "/v1/service/invitations/accept", tag = "orgs",
    operation_id = "acceptInvitation",
    security(("id_token" = [])),
    params(
        IdempotencyKey,
        ("Accept-Language" = Option<String>, Header, description = "The language of ours (`ja`, `ko`, `en`) that a new account is written to in; Japanese where none is named"),
    ),
    request_body = AcceptRequest,
    responses(
        (status = 200, body = UserResponse, description = "A member"),
        (status = 400, body = ErrorBody, description = "`token` is missing, or its invitation is not open any more"),
        (status = 401, body = ErrorBody, description = "No valid ID token of Firebase's, or its account may not be used"),
        (status = 403, body = ErrorBody, description = "The invitation is for another address, or theirs is not verified"),
        (status = 409, body = ErrorBody, description = "They belong to an organisation, or their e-mail has an account that is not verified, or the `Idempotency-Key` was used with another body"),
    )
)]
pub async fn accept(
    State(app): State<App>,
    newcomer: Newcomer,
    key: IdempotencyKey,
    AcceptLanguage(language): AcceptLanguage,
    Json(body): Json<AcceptRequest>,
) -> Result<axum::Json<UserResponse>> {
    let language = language.unwrap_or(Language::Japanese);
    let scope = format!("orgs-accept\n{}", newcomer.user.uid);
    // The token is a secret, and long enough that its digest tells nothing.
    let creation = key.creation(&app, &scope, &body)?;
    let creation = creation.as_ref();
    let user = match newcomer.belongs {
        true => join::replayed(&app, creation).await?,
        false => {
            let by = By::Token(&body.token);
            join::join(&app, &newcomer, by, language, creation).await?
        }
    };
    Ok(axum::Json(UserResponse { user }))
}
