//! `POST /v1/service/users`: the sign-up, once there is an account at Firebase. An admin makes an
//! organisation with it; a member needs an invitation.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use enishi_shared::{
    App, Error, FieldCode, Function, Result,
    accounts::{self, normalised},
    error::{ErrorBody, FieldError},
    http::Json,
    idempotency::{Creation, IdempotencyKey},
    language::{AcceptLanguage, Language},
    store::{Outcome, Race, Table, Transaction},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::{Newcomer, belongs_already},
    join::{self, By, replayed},
    member::Member,
    membership::put_in,
    organization::{
        self, FreeSeats, Organization, OrganizationId, PRODUCT, Role, organization_key, table,
    },
    seconds::{self, FreeSeconds, Grant},
    user::{User, UserResponse},
};

/// `orgs-create-user`
///
/// Budget: where they stand, the account by its names and itself, the sign-up, the seconds; the address's
/// invitations and their organisations. 3 less for an admin who is new here, for there is no account to read.
pub const FUNCTION: Function = Function::http("orgs-create-user", || {
    OpenApiRouter::new().routes(routes!(create_user))
})
.budget(7);

/// Who signs up.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUserRequest {
    /// Their id at Firebase: the token's.
    #[garde(length(chars, min = 1, max = 128))]
    #[schema(
        min_length = 1,
        max_length = 128,
        example = "phEaSZEblSS5mncrzzGU4GCPxTL2"
    )]
    pub uid: String,
    /// Their address: the token's.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, format = "email", example = "abc@abc.com")]
    pub email: String,
    /// `admin` makes an organisation. `member` comes to the one that has invited the address last, in the
    /// role that the invitation says.
    #[garde(skip)]
    pub role: Role,
    /// What the organisation calls itself: 1–200 characters. A member's is ignored; so are the next two.
    #[garde(
        length(chars, min = 1, max = 200),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S(.*\S)?$",
        example = "いろは株式会社"
    )]
    pub company_name: String,
    /// Where it is: seven digits, with or without a hyphen.
    #[garde(custom(organization::postal_code))]
    #[schema(pattern = "^[0-9]{3}-?[0-9]{4}$", example = "123-4567")]
    pub postal_code: String,
    /// Where in it: 1–300 characters.
    #[garde(
        length(chars, min = 1, max = 300),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 300,
        pattern = r"^\S(.*\S)?$",
        example = "東京都港区白銀高輪1-1-1 パークレジデンス1201"
    )]
    pub address: String,
}

/// Signs up
///
/// Takes a Firebase ID token only. Its first one makes the account here, or joins the one that has its
/// e-mail where both are verified. One organisation a person.
#[utoipa::path(
    post, path = "/v1/service/users", tag = "orgs",
    operation_id = "createUser",
    security(("id_token" = [])),
    params(
        IdempotencyKey,
        ("Accept-Language" = Option<String>, Header, description = "The language of ours (`ja`, `ko`, `en`) that a new account is written to in; Japanese where none is named"),
    ),
    request_body = CreateUserRequest,
    responses(
        (status = 200, body = UserResponse, description = "Signed up"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `uid`, `email`: not the token's"),
        (status = 401, body = ErrorBody, description = "No valid ID token of Firebase's, or its account may not be used"),
        (status = 403, body = ErrorBody, description = "No open invitation for a member, or their e-mail is not verified"),
        (status = 409, body = ErrorBody, description = "They belong to an organisation, or `email` has an account and one of the two is not verified, or all seats are taken, or the `Idempotency-Key` was used with another body"),
    )
)]
pub async fn create_user(
    State(app): State<App>,
    newcomer: Newcomer,
    key: IdempotencyKey,
    AcceptLanguage(language): AcceptLanguage,
    Json(body): Json<CreateUserRequest>,
) -> Result<axum::Json<UserResponse>> {
    body.is_of(&newcomer)?;
    let language = language.unwrap_or(Language::Japanese);
    let scope = format!("orgs-create-user\n{}", newcomer.user.uid);
    let creation = key.creation(&app, &scope, &body)?;
    let creation = creation.as_ref();
    let orgs = table(&app)?;
    let user = if newcomer.belongs {
        replayed(&app, creation).await?
    } else if body.role == Role::Admin {
        found(&app, &orgs, &newcomer, &body, language, creation).await?
    } else {
        join::join(&app, &newcomer, By::Address, language, creation).await?
    };
    Ok(axum::Json(UserResponse { user }))
}

impl CreateUserRequest {
    /// That it speaks of who sends it.
    fn is_of(&self, newcomer: &Newcomer) -> Result<()> {
        let email = newcomer.user.email.as_deref();
        let same = email.is_some_and(|email| normalised(email) == normalised(&self.email));
        let fields = [("uid", self.uid == newcomer.user.uid), ("email", same)];
        let wrong = fields.into_iter().filter(|(_, right)| !right);
        let wrong: Vec<_> = wrong
            .map(|(field, _)| FieldError {
                field: field.to_owned(),
                code: FieldCode::Invalid,
                rule: Some("the one of the ID token".into()),
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid_fields(wrong)),
        }
    }
}

/// Makes an organisation, with who asks as its admin.
async fn found(
    app: &App,
    orgs: &Table,
    newcomer: &Newcomer,
    body: &CreateUserRequest,
    language: Language,
    creation: Option<&Creation>,
) -> Result<User> {
    let identity = accounts::table(app)?;
    let now = app.now();
    let organization_id = OrganizationId::new(app);
    let mut race = Race::new(app);
    loop {
        let mut tx = Transaction::new(app);
        let account =
            accounts::enter(&mut tx, &identity, &newcomer.user, PRODUCT, language).await?;
        let user_id = account.user_id;
        let organization = Organization {
            organization_id,
            name: app.new_id().to_string(),
            company_name: body.company_name.clone(),
            postal_code: body.postal_code.clone(),
            address: body.address.clone(),
            seats: app.config::<FreeSeats>()?.0,
            members: 1,
            admins: BTreeSet::from([user_id]),
            invitations: BTreeMap::new(),
            grant: Grant::free(app.config::<FreeSeconds>()?.0),
            customer: None,
            license: None,
            version: 1,
            created_at: now,
        };
        let member = Member {
            user_id,
            organization_id,
            uid: newcomer.user.uid.clone(),
            email: body.email.clone(),
            role: Role::Admin,
            is_invited: false,
            is_app_download: false,
            last_signin_at: newcomer.user.auth_time,
            created_at: now,
        };
        tx.create(orgs, organization_key(organization_id), &organization)?;
        seconds::follow(&mut tx, None, &organization)?;
        let issued_at = newcomer.user.issued_at.as_second();
        let standings = put_in(&mut tx, orgs, &member, issued_at)?;
        let action = Action::CreateOrganization;
        audit::write_down(&mut tx, orgs, user_id, organization_id, action, None)?;
        match tx.commit_once(orgs, creation, &user_id).await? {
            Outcome::Done => return User::show(app, member, &organization).await,
            Outcome::Replayed { id, .. } => return join::shown_again(app, orgs, id).await,
            Outcome::Refused(refused) if standings.iter().any(|part| refused.is(*part)) => {
                return Err(belongs_already());
            }
            // Another first token, a closing, a change: it is looked up again.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
