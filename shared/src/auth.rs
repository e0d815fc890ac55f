//! Who calls: extractors for `user` and `operator` endpoints.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{header, request::Parts},
};

use crate::{
    app::App,
    error::Error,
    firebase::{self, FirebaseUser},
    token::{self, Claims, TokenConfig},
    user_id::UserId,
};

/// The scope of operators.
pub const OPERATOR: &str = "operator";

/// A caller with a valid access token in `Authorization: Bearer`.
#[derive(Clone, Debug)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// What the token says.
    pub claims: Claims,
}

impl FromRequestParts<App> for User {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let token = bearer(parts).ok_or_else(Error::token_invalid)?;
        let claims = app.config::<TokenConfig>()?.verify(token, app.now())?;
        let id = claims.sub.parse().map_err(|_| Error::token_invalid())?;
        Ok(Self { id, claims })
    }
}

/// Where a token is optional: none is `None`, but a bad one is still 401.
impl OptionalFromRequestParts<App> for User {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Error> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            <Self as FromRequestParts<App>>::from_request_parts(parts, app)
                .await
                .map(Some)
        } else {
            Ok(None)
        }
    }
}

/// A caller under `/v1/service`, with an Enishi access token or with a Firebase ID token. A function
/// that takes it needs what [`firebase::verify`] needs.
#[derive(Clone, Debug)]
pub enum ServiceUser {
    /// With an access token of ours.
    User(User),
    /// With an ID token of Firebase's, whose account is still to be found by its `uid`.
    Firebase(FirebaseUser),
}

impl FromRequestParts<App> for ServiceUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let bearer = bearer(parts).ok_or_else(Error::token_invalid)?;
        if token::is_access_token(bearer) {
            let user = <User as FromRequestParts<App>>::from_request_parts(parts, app).await?;
            return Ok(Self::User(user));
        }
        firebase::verify(app, bearer).await.map(Self::Firebase)
    }
}

/// Somebody whom Firebase vouches for, with its ID token and no other. A function that takes it needs what
/// [`firebase::verify`] needs.
pub struct FirebaseCaller(pub FirebaseUser);

impl FromRequestParts<App> for FirebaseCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let token = bearer(parts).ok_or_else(Error::token_invalid)?;
        firebase::verify(app, token).await.map(Self)
    }
}

/// A user whose token carries the operator scope; others get 403.
pub struct Operator(pub User);

impl FromRequestParts<App> for Operator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let user = <User as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if user.claims.has_scope(OPERATOR) {
            Ok(Self(user))
        } else {
            Err(Error::forbidden())
        }
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
