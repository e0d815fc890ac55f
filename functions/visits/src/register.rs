//! `POST /api/users`: the sign-up. Makes an account, or adds the visits profile to the one whose token is
//! presented.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{self, Account, Registration, account_key, active, not_joined, taken},
    auth::User,
    civil,
    error::ErrorBody,
    http::{Json, SourceIp},
    idempotency::IdempotencyKey,
    language::{AcceptLanguage, Language},
    session::{self, Tokens},
    store::{Change, Outcome, Table, Transaction},
    validate,
};
use garde::Validate;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    availability::Availability,
    choice::{self, ChoiceKind, Chosen, Said},
    contact,
    profile::{
        self, Documents, Job, PRODUCT, Profile, Shown, TIME_ZONE, Visitor, VisitorId, VisitorType,
        profile_key,
    },
};

/// `visits-register`.
///
/// Budget: two throttles, the choices, one transaction over both tables, and with `Authorization` its
/// account; a replay reads the account (again) and stores its new session.
pub const FUNCTION: Function = Function::http("visits-register", || {
    OpenApiRouter::new().routes(routes!(visits_register))
})
.budget(7);

/// Who wants to visit, or to be visited.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitsRegisterRequest {
    /// One's name: 1–100 characters, no space at either end. Nobody sees it before a visit is paid for.
    #[garde(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "山田 花"
    )]
    pub name: String,
    /// From 1900 on.
    #[garde(skip)]
    #[serde(deserialize_with = "civil::date")]
    #[schema(value_type = String, format = Date, example = "2004-04-02")]
    pub date_of_birth: Date,
    /// 7–15 digits, perhaps after a `+`, in groups parted by hyphens. Nobody else sees it.
    #[garde(custom(profile::phone_number))]
    #[schema(pattern = r"^\+?[0-9](-?[0-9]){6,14}$", example = "090-1234-5678")]
    pub phone_number: String,
    /// Unique whatever its case, at most 254 bytes; ASCII before the `@`.
    #[garde(custom(validate::email))]
    #[schema(max_length = 254, format = "email", example = "hana@example.jp")]
    pub email: String,
    /// 8–128 characters of any kind: length is what counts (NIST SP 800-63B).
    #[garde(length(chars, min = 8, max = 128))]
    #[schema(min_length = 8, max_length = 128, format = Password, example = "the path to the shrine")]
    pub password: String,
    /// Who one is; it never changes.
    #[garde(skip)]
    #[serde(rename = "type")]
    pub visitor_type: VisitorType,
    /// A student's university, an employee's company: by its id or by its name, of at most 120
    /// characters. There is one of each name, whatever its case and width; everybody can choose it once
    /// an operator has verified somebody of it.
    #[garde(length(chars, min = 1, max = 120), custom(choice::nameable))]
    #[schema(
        min_length = 1,
        max_length = 120,
        pattern = r"^.*\S.*$",
        example = "縁大学"
    )]
    pub affiliation: String,
    /// What one does; required of employees.
    #[garde(skip)]
    pub job: Option<Job>,
    /// The part of the university or company that one belongs to, as `affiliation`.
    #[garde(inner(length(chars, min = 1, max = 120), custom(choice::nameable)))]
    #[schema(
        min_length = 1,
        max_length = 120,
        pattern = r"^.*\S.*$",
        example = "工学部"
    )]
    pub department: Option<String>,
    /// What one is there: 1–100 characters, no space at either end.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "学部三年"
    )]
    pub position: Option<String>,
    /// About oneself: at most 2,000 characters, line breaks among them, no e-mail address, URL or phone
    /// number.
    #[garde(inner(
        length(chars, min = 1, max = 2000),
        custom(validate::prose),
        custom(contact::none)
    ))]
    #[schema(
        min_length = 1,
        max_length = 2000,
        example = "機械学習を勉強しています。"
    )]
    pub comment: Option<String>,
    /// The IANA name of one's time zone; `Asia/Tokyo` unless told.
    #[garde(inner(custom(profile::time_zone)))]
    #[schema(example = "Asia/Tokyo")]
    pub time_zone: Option<String>,
}

/// Who has joined, logged in at once.
#[derive(Serialize, ToSchema)]
pub struct VisitsRegisterResponse {
    /// The account.
    pub user_id: UserId,
    /// One's name.
    #[schema(example = "山田 花")]
    pub name: String,
    /// Whether an operator has checked who one is: false.
    #[schema(example = false)]
    pub is_authenticated: bool,
    /// The tokens of the new session.
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// Signs up for visits
///
/// With the `Authorization` of an existing account the visits profile is added to it: the e-mail must be
/// that account's, the password is ignored, the account keeps the name it has.
/// A repetition with the same `Idempotency-Key` answers the same account with new tokens; its password
/// must be the account's, since only the other values are kept to compare it with.
#[utoipa::path(
    post, path = "/api/users", tag = "visits",
    operation_id = "registerVisitor",
    request_body = VisitsRegisterRequest,
    params(
        IdempotencyKey,
        ("Accept-Language" = Option<String>, Header, description = "The language of ours (`ja`, `ko`, `en`) that a new account is written to in; Japanese where none is named"),
    ),
    security((), ("access_token" = [])),
    responses(
        (status = 201, body = VisitsRegisterResponse, description = "The account, logged in"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; an id of `affiliation` or `department` names nothing; an employee without a job"),
        (status = 401, body = ErrorBody, description = "The access token is not valid"),
        (status = 409, body = ErrorBody, description = "`email` is already in use, or the account has the profile, or the `Idempotency-Key` was used with another body"),
        (status = 429, body = ErrorBody, description = "Too many sign-ups; `Retry-After` says when"),
    )
)]
pub async fn visits_register(
    State(app): State<App>,
    address: SourceIp,
    AcceptLanguage(language): AcceptLanguage,
    key: IdempotencyKey,
    user: Option<User>,
    Json(body): Json<VisitsRegisterRequest>,
) -> Result<impl IntoResponse> {
    profile::check_job(body.visitor_type, body.job)?;
    profile::check_born(body.date_of_birth, body.time_zone(), app.now())?;
    let visits = profile::table(&app)?;
    let registration = Registration::begin(app, &address, key, &body.email, &body.password).await?;
    let (account, tokens) = match user {
        Some(user) => join(&registration, &visits, &user, &body).await?,
        None => {
            let language = language.unwrap_or(Language::Japanese);
            create(&registration, &visits, &body, language).await?
        }
    };
    let response = VisitsRegisterResponse {
        user_id: account.user_id,
        name: body.name,
        is_authenticated: false,
        tokens,
    };
    Ok((StatusCode::CREATED, axum::Json(response)))
}

/// A new account with its profile.
async fn create(
    registration: &Registration,
    visits: &Table,
    body: &VisitsRegisterRequest,
    language: Language,
) -> Result<(Account, Tokens)> {
    let Registration { app, table, .. } = registration;
    let chosen = Choices::of(visits, body).await?;
    let account = Account {
        name: Some(body.name.clone()),
        ..registration.new_account(PRODUCT, language)?
    };
    let user_id = account.user_id;
    let (session, tokens) = session::open(app, &account).await?;
    let creation = registration.creation("visits-register", None, &body.told())?;

    let mut tx = Transaction::new(app);
    let email = accounts::create(&mut tx, table, &account)?;
    tx.create(table, session.key(user_id), &session)?;
    store(&mut tx, visits, user_id, body, &chosen)?;
    match tx.commit_once(table, creation.as_ref(), &user_id).await? {
        Outcome::Done => Ok((account, tokens)),
        Outcome::Replayed { id, .. } => {
            let account = registration.repeated(id, true).await?;
            let tokens = session::log_in(app, &account).await?;
            Ok((account, tokens))
        }
        Outcome::Refused(refused) => Err(taken(&[("email", refused.is(email))])),
    }
}

/// The visits profile for the account whose token was presented.
async fn join(
    registration: &Registration,
    visits: &Table,
    user: &User,
    body: &VisitsRegisterRequest,
) -> Result<(Account, Tokens)> {
    let Registration { app, table, .. } = registration;
    let account = registration.account_of(user).await?;
    let chosen = Choices::of(visits, body).await?;
    let user_id = account.user_id;
    let (session, tokens) = session::open(app, &account).await?;
    let creation = registration.creation("visits-register", Some(user_id), &body.told())?;

    let mut tx = Transaction::new(app);
    let change = Change::new()
        .append("products", PRODUCT)
        .set_if_absent("name", &body.name)
        .when(active().lacks("products", PRODUCT));
    let joined = tx.update(table, account_key(user_id), change).of();
    tx.create(table, session.key(user_id), &session)?;
    store(&mut tx, visits, user_id, body, &chosen)?;
    match tx.commit_once(table, creation.as_ref(), &user_id).await? {
        Outcome::Done => Ok((account, tokens)),
        Outcome::Replayed { id, .. } => {
            let account = registration.repeated(id, false).await?;
            let tokens = session::log_in(app, &account).await?;
            Ok((account, tokens))
        }
        Outcome::Refused(refused) if refused.is(joined) => {
            Err(not_joined(refused.item(joined)?.as_ref()))
        }
        Outcome::Refused(_) => Err(taken(&[])),
    }
}

/// What somebody is of.
struct Choices {
    affiliation: Chosen,
    department: Option<Chosen>,
}

impl Choices {
    /// One request.
    async fn of(visits: &Table, body: &VisitsRegisterRequest) -> Result<Self> {
        let kind = body.visitor_type.affiliation();
        let mut said = vec![Said::new("affiliation", kind, &body.affiliation)];
        if let Some(department) = &body.department {
            said.push(Said::new("department", ChoiceKind::Department, department));
        }
        let mut chosen = choice::choose(visits, said).await?.into_iter();
        let affiliation = chosen.next();
        Ok(Self {
            affiliation: affiliation.ok_or_else(|| Error::internal("nothing was chosen"))?,
            department: chosen.next(),
        })
    }
}

/// The profile, and the choices that are new.
fn store(
    tx: &mut Transaction,
    visits: &Table,
    user_id: UserId,
    body: &VisitsRegisterRequest,
    chosen: &Choices,
) -> Result<()> {
    for chosen in std::iter::once(&chosen.affiliation).chain(&chosen.department) {
        chosen.keep(tx, visits);
    }
    let visitor_id = VisitorId::new(tx.app());
    tx.create(visits, visitor_id.key(), &Visitor { user_id })?;
    let profile = body.profile(user_id, visitor_id, chosen, tx.app().now());
    tx.create(visits, profile_key(user_id), &profile)?;
    Ok(())
}

impl VisitsRegisterRequest {
    fn time_zone(&self) -> &str {
        self.time_zone.as_deref().unwrap_or(TIME_ZONE)
    }

    /// The profile of somebody new, whom nobody has checked.
    fn profile(
        &self,
        user_id: UserId,
        visitor_id: VisitorId,
        chosen: &Choices,
        now: Timestamp,
    ) -> Profile {
        let department = chosen.department.as_ref();
        Profile {
            user_id,
            visitor_id,
            name: self.name.clone(),
            date_of_birth: self.date_of_birth,
            phone_number: self.phone_number.clone(),
            visitor_type: self.visitor_type,
            affiliation: chosen.affiliation.choice.clone(),
            job: self.job,
            department: department.map(|chosen| chosen.choice.clone()),
            position: self.position.clone(),
            comment: self.comment.clone(),
            time_zone: profile::canonical_zone(self.time_zone()),
            is_authenticated: false,
            documents: Documents::default(),
            upload: None,
            submitted_at: None,
            notifications: 0,
            shown: Shown::default(),
            listed: true,
            availability: Availability::default(),
            is_suspended: false,
            revision: 0,
            open_requests: 0,
            created_at: now,
        }
    }

    /// All but the password.
    fn told(&self) -> impl Serialize {
        (
            (&self.name, &self.email, &self.phone_number),
            (self.date_of_birth, self.visitor_type, self.job),
            (&self.affiliation, &self.department, &self.position),
            (&self.comment, &self.time_zone),
        )
    }
}
