//! `PUT /v1/service/users/{user_id}`: what a user says of themselves.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::normalised,
    error::ErrorBody,
    http::{Json, Path},
    patch,
    store::{Change, Written, when},
    validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    caller::Caller,
    member::{self, member_key},
    organization::table,
    user::{User, UserResponse},
};

/// `orgs-update-user`
///
/// Budget: the caller, the user with their organisation, the change, the seconds.
pub const FUNCTION: Function = Function::http("orgs-update-user", || {
    OpenApiRouter::new().routes(routes!(update_user))
})
.budget(4);

/// What changes; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUserRequest {
    /// The address: that of the caller's token, so one's own only.
    #[serde(default, deserialize_with = "patch::given")]
    #[garde(inner(custom(validate::email)))]
    #[schema(
        nullable = false,
        max_length = 254,
        format = "email",
        example = "efg@efg.com"
    )]
    pub email: Option<String>,
    /// 1 once they have the application, else 0.
    #[serde(default, deserialize_with = "patch::given")]
    #[garde(range(max = 1))]
    #[schema(nullable = false, minimum = 0, maximum = 1, example = 1)]
    pub is_app_download: Option<u8>,
}

/// Changes a user
///
/// Oneself, or for an admin anybody of the organisation.
#[utoipa::path(
    put, path = "/v1/service/users/{user_id}", tag = "orgs",
    operation_id = "editUser",
    security(("access_token" = []), ("id_token" = [])),
    params(("user_id" = UserId, Path, description = "Who")),
    request_body = UpdateUserRequest,
    responses(
        (status = 200, body = UserResponse, description = "The user as they are now"),
        (status = 400, body = ErrorBody, description = "A value is wrong; `email`: not the token's, or somebody else's"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "Somebody else, and the caller is no admin, or belongs to no organisation"),
        (status = 404, body = ErrorBody, description = "Nobody of the organisation"),
    )
)]
pub async fn update_user(
    State(app): State<App>,
    caller: Caller,
    Path(user_id): Path<UserId>,
    Json(body): Json<UpdateUserRequest>,
) -> Result<axum::Json<UserResponse>> {
    caller.own_or_admin(user_id)?;
    let orgs = table(&app)?;
    let (organization, mut member) = member::find(&orgs, caller.organization_id, user_id).await?;
    let mut change = Change::new();
    if let Some(email) = body.email {
        let own = caller
            .token_email
            .as_deref()
            .filter(|_| user_id == caller.user_id);
        if own.map(normalised) != Some(normalised(&email)) {
            return Err(Error::invalid("email", "the address of your token"));
        }
        change = change.set("email", &email);
        member.email = email;
    }
    if let Some(is_app_download) = body.is_app_download {
        member.is_app_download = is_app_download == 1;
        change = change.set("is_app_download", member.is_app_download);
    }
    let key = member_key(caller.organization_id, user_id);
    match orgs.update(key, change.when(when().exists("pk"))).await? {
        Written::Done => {}
        Written::Refused(_) => return Err(Error::not_found("user")),
    }
    let user = User::show(&app, member, &organization).await?;
    Ok(axum::Json(UserResponse { user }))
}
