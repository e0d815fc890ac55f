//! `GET /api/users`: students look for employees to meet.

use std::collections::HashSet;

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Key, decode, s},
    validate,
};
use futures_util::future::try_join;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    block::{Block, blocks},
    card::Wanted,
    choice::{self, ChoiceKind},
    matching::Card,
    profile::{Job, Profile, VisitorId, VisitorType, profile_key, profile_missing, table},
};

/// `visits-search`
///
/// Budget: who asks and whom they do not meet, at once; the cards.
pub const FUNCTION: Function = Function::http("visits-search", || {
    OpenApiRouter::new().routes(routes!(search))
})
.budget(3);

/// Whom one looks for: what is left out may be anything.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Of which company.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = "uuid", example = "3f0c9a4e-6f1b-8c55-8a1b-2c3d4e5f6071")]
    pub company_id: Option<Uuid>,
    /// What they do.
    #[garde(skip)]
    pub job: Option<Job>,
    /// Of which department, by its id or by its name; who does not show theirs is not found by it.
    #[garde(inner(length(chars, min = 1, max = 120), custom(choice::nameable)))]
    #[param(
        min_length = 1,
        max_length = 120,
        pattern = r"^.*\S.*$",
        example = "開発部"
    )]
    pub department: Option<String>,
    /// In which position, whatever its case and width; who does not show theirs is not found by it.
    #[garde(inner(length(chars, min = 1, max = 100), custom(validate::line)))]
    #[param(min_length = 1, max_length = 100, example = "主任")]
    pub position: Option<String>,
    /// How many at the most: 1–100, 20 unless told.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, example = 20)]
    pub limit: Option<i32>,
    /// Where the last page ended, from its `Link` header.
    #[garde(length(max = 512))]
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

/// An employee whom one can ask for a visit. Nothing tells who they are.
#[derive(Serialize, ToSchema)]
pub struct Speaker {
    /// What they are known by: random.
    pub speaker_id: VisitorId,
    /// Their company.
    #[schema(example = "縁製作所")]
    pub company: String,
    /// What they do.
    #[schema(required)]
    pub job: Option<Job>,
    /// Where in it they are, if they show it.
    #[schema(required, example = "開発部")]
    pub department: Option<String>,
    /// What they are there, if they show it.
    #[schema(required, example = "主任")]
    pub position: Option<String>,
    /// About themselves.
    #[schema(required, example = "配属の話ができます。")]
    pub comment: Option<String>,
}

impl From<Card> for Speaker {
    fn from(card: Card) -> Self {
        Self {
            speaker_id: card.visitor_id,
            company: card.affiliation,
            job: card.job,
            department: card.department,
            position: card.position,
            comment: card.comment,
        }
    }
}

/// Employees to meet
///
/// Of all companies, jobs, departments and positions, or of those that are named, in an order that says
/// nothing. Whom one does not meet is left out, so a page may be shorter than its limit; `Link` leads to the
/// next one.
#[utoipa::path(
    get, path = "/api/users", tag = "visits",
    operation_id = "searchSpeakers",
    security(("access_token" = [])),
    params(SearchQuery),
    responses(
        (status = 200, body = [Speaker], description = "Who was found"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a student who is verified, or the account has no profile here yet"),
    )
)]
pub async fn search(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<SearchQuery>,
) -> Result<(HeaderMap, axum::Json<Vec<Speaker>>)> {
    let page = PageQuery::<100> {
        limit: query.limit,
        cursor: query.cursor,
    };
    let after = page.after()?;
    if after
        .as_ref()
        .is_some_and(|after| after.parse::<VisitorId>().is_err())
    {
        return Err(Error::invalid("cursor", "cursor is not one of this list"));
    }
    let table = table(&app)?;
    let (me, not_met) = try_join(
        table.get::<Profile>(&profile_key(user.id)),
        table
            .query("pk = :me")
            .value(":me", s(blocks(user.id)))
            .all(),
    )
    .await?;
    let me = me.ok_or_else(profile_missing)?;
    if me.visitor_type != VisitorType::Student || !me.is_authenticated || me.is_suspended {
        return Err(Error::forbidden());
    }
    let not_met = not_met
        .into_iter()
        .map(|item| Ok(decode::<Block>(item)?.visitor_id));
    let not_met: HashSet<VisitorId> = not_met.collect::<Result<_>>()?;

    let department = query.department.as_deref();
    let wanted = Wanted {
        company: query.company_id,
        job: query.job,
        department: department.map(|text| ChoiceKind::Department.meant(text)),
        position: query.position.as_deref(),
    };
    let partition = wanted.partition();
    let after = after.map(|sk| Key::new(&*partition, sk).attributes());
    let found = table
        .query("pk = :found")
        .value(":found", s(&partition))
        .limit(page.limit())
        .after(after)
        .page::<Card>()
        .await?;
    let last = found.next.and(found.items.last());
    let last = last.map(|card| card.visitor_id.to_string());
    let met = found.items.into_iter();
    let met = met.filter(|card| !not_met.contains(&card.visitor_id));
    Ok((
        next_link(&uri, page.limit(), last.as_deref()),
        axum::Json(met.map(Speaker::from).collect()),
    ))
}
